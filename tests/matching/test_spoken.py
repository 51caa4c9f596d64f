"""The language of a text: told where it is clear, and never told wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.matching import language_of

SENTENCES = [
    ("en", "The export to Excel loses the last column"),
    ("en", "I can't log in since the update, please help"),
    ("en", "Would be great to have dark mode on my phone"),
    ("en", "Why was I charged twice for this order?"),
    ("en", "App crashes when opening a large report"),
    ("en", "Love it! But it is a bit slow."),
    ("en", "Reports take ages to load on Monday mornings"),
    ("en", "Could you add a way to pin a conversation to the top?"),
    ("en", "Payment failed three times and nobody answered my ticket"),
    ("de", "Der Export nach Excel verliert die letzte Spalte"),
    ("de", "Seit dem Update kann ich mich nicht mehr anmelden"),
    ("de", "Ein dunkler Modus wäre sehr schön für den Abend"),
    ("de", "Warum wurde mir diese Bestellung zweimal berechnet?"),
    ("de", "Die App stürzt ab, wenn ich einen großen Bericht öffne"),
    ("de", "Bitte mehr Filter in der Liste"),
    ("de", "Berichte laden montags ewig lange"),
    ("de", "Könntet ihr eine Möglichkeit einbauen, ein Gespräch oben anzuheften?"),
    ("de", "Die Zahlung ist dreimal fehlgeschlagen und niemand hat geantwortet"),
    ("fr", "L'export vers Excel perd la dernière colonne"),
    ("fr", "Depuis la mise à jour, je ne peux plus me connecter"),
    ("fr", "Un mode sombre serait très utile pour le soir"),
    ("fr", "Pourquoi cette commande est-elle facturée deux fois ?"),
    ("fr", "L'application plante quand j'ouvre un grand rapport"),
    ("fr", "Merci d'ajouter plus de filtres dans la liste"),
    ("fr", "Les rapports mettent une éternité à charger le lundi"),
    ("fr", "Pourriez-vous ajouter un moyen d'épingler une conversation en haut ?"),
    ("fr", "Le paiement a échoué trois fois et personne n'a répondu"),
    ("es", "La exportación a Excel pierde la última columna"),
    ("es", "Desde la actualización no puedo iniciar sesión"),
    ("es", "Un modo oscuro sería muy útil por la noche"),
    ("es", "¿Por qué me cobraron dos veces este pedido?"),
    ("es", "La aplicación se cierra cuando abro un informe grande"),
    ("es", "Por favor, más filtros en la lista"),
    ("es", "Los informes tardan una eternidad en cargar los lunes"),
    ("es", "¿Podrían añadir una forma de fijar una conversación arriba?"),
    ("es", "El pago falló tres veces y nadie respondió a mi solicitud"),
    ("pt", "A exportação para Excel perde a última coluna"),
    ("pt", "Desde a atualização não consigo entrar na minha conta"),
    ("pt", "Um modo escuro seria muito útil à noite"),
    ("pt", "Por que fui cobrado duas vezes por este pedido?"),
    ("pt", "O aplicativo fecha quando abro um relatório grande"),
    ("pt", "Por favor, coloquem mais filtros na lista"),
    ("pt", "Os relatórios demoram uma eternidade a carregar às segundas"),
    ("pt", "Poderiam adicionar uma forma de fixar uma conversa no topo?"),
    ("pt", "O pagamento falhou três vezes e ninguém respondeu ao meu pedido"),
    ("it", "L'esportazione in Excel perde l'ultima colonna"),
    ("it", "Dopo l'aggiornamento non riesco più ad accedere"),
    ("it", "Una modalità scura sarebbe molto utile di sera"),
    ("it", "Perché questo ordine mi è stato addebitato due volte?"),
    ("it", "L'app si chiude quando apro un rapporto grande"),
    ("it", "Vorrei più filtri nella lista, per favore"),
    ("it", "I rapporti impiegano un'eternità a caricarsi il lunedì"),
    ("it", "Potreste aggiungere un modo per fissare una conversazione in alto?"),
    ("it", "Il pagamento è fallito tre volte e nessuno ha risposto alla mia richiesta"),
    ("nl", "De export naar Excel verliest de laatste kolom"),
    ("nl", "Sinds de update kan ik niet meer inloggen"),
    ("nl", "Een donkere modus zou heel fijn zijn voor 's avonds"),
    ("nl", "Waarom is deze bestelling twee keer in rekening gebracht?"),
    ("nl", "De app crasht als ik een groot rapport open"),
    ("nl", "Graag meer filters in de lijst"),
    ("nl", "Rapporten laden eindeloos lang op maandagochtend"),
    ("nl", "Kunnen jullie een manier toevoegen om een gesprek bovenaan vast te zetten?"),
    ("nl", "De betaling is drie keer mislukt en niemand heeft gereageerd"),
    ("sv", "Exporten till Excel tappar den sista kolumnen"),
    ("sv", "Sedan uppdateringen kan jag inte logga in"),
    ("sv", "Ett mörkt läge vore mycket bra på kvällen"),
    ("sv", "Varför har jag debiterats två gånger för den här beställningen?"),
    ("sv", "Appen kraschar när jag öppnar en stor rapport"),
    ("sv", "Vi vill ha fler filter i listan"),
    ("sv", "Rapporterna tar evigheter att ladda på måndagar"),
    ("sv", "Kan ni lägga till ett sätt att fästa en konversation högst upp?"),
    ("sv", "Betalningen misslyckades tre gånger och ingen har svarat"),
    ("pl", "Eksport do Excela gubi ostatnią kolumnę"),
    ("pl", "Od aktualizacji nie mogę się zalogować"),
    ("pl", "Tryb ciemny byłby bardzo przydatny wieczorem"),
    ("pl", "Dlaczego to zamówienie zostało naliczone dwa razy?"),
    ("pl", "Aplikacja się zawiesza, kiedy otwieram duży raport"),
    ("pl", "Proszę o więcej filtrów na liście"),
    ("pl", "Raporty ładują się wieki w poniedziałek rano"),
    ("pl", "Czy możecie dodać sposób na przypięcie rozmowy na górze?"),
    ("pl", "Płatność nie powiodła się trzy razy i nikt nie odpowiedział"),
    ("tr", "Excel'e aktarma son sütunu kaybediyor"),
    ("tr", "Güncellemeden beri giriş yapamıyorum"),
    ("tr", "Akşamları için karanlık mod çok iyi olurdu"),
    ("tr", "Bu sipariş için neden iki kez ücret alındı?"),
    ("tr", "Büyük bir rapor açınca uygulama çöküyor"),
    ("tr", "Lütfen listeye daha çok filtre ekleyin"),
    ("tr", "Raporların yüklenmesi pazartesi sabahları çok uzun sürüyor"),
    ("tr", "Bir konuşmayı en üste sabitlemek için bir yol ekleyebilir misiniz?"),
    ("tr", "Ödeme üç kez başarısız oldu ve kimse cevap vermedi"),
    ("ru", "При экспорте в Excel пропадает последний столбец, это мешает"),
    ("ru", "После обновления не могу войти, помогите пожалуйста"),
    ("ru", "Хотелось бы тёмную тему для вечера"),
    ("ru", "Почему этот заказ оплачен дважды? Это ошибка"),
    ("ru", "Приложение вылетает, когда я открываю большой отчёт"),
    ("ru", "Добавьте больше фильтров в список, чтобы было удобнее"),
    ("ru", "Отчёты по понедельникам загружаются целую вечность"),
    ("ru", "Можно ли добавить способ закрепить беседу наверху?"),
    ("ru", "Платёж не прошёл три раза, и никто не ответил"),
    ("zh", "导出到 Excel 时最后一列丢失了"),
    ("zh", "更新之后无法登录，请帮忙"),
    ("zh", "希望手机上有深色模式"),
    ("zh", "為什麼這個訂單被扣了兩次款？"),
    ("zh", "打开大报表时应用崩溃"),
    ("zh", "請在清單裡增加更多篩選"),
    ("zh", "周一早上报表加载特别慢"),
    ("zh", "能不能把对话置顶？"),
    ("zh", "付款失败了三次，没人回复我的工单"),
    ("ja", "Excelへのエクスポートで最後の列が消えます"),
    ("ja", "更新してからログインできません"),
    ("ja", "夜のためにダークモードが欲しいです"),
    ("ja", "なぜこの注文は二回請求されたのですか"),
    ("ja", "大きなレポートを開くとアプリが落ちる"),
    ("ja", "一覧にフィルターを追加してください"),
    ("ja", "月曜の朝はレポートの読み込みがとても遅い"),
    ("ja", "会話を一番上に固定する方法を追加してもらえますか"),
    ("ja", "支払いが三回失敗しましたが誰も返事をくれません"),
    ("ko", "엑셀로 내보내면 마지막 열이 사라집니다"),
    ("ko", "업데이트 이후 로그인이 안 됩니다"),
    ("ko", "저녁에 쓸 다크 모드가 있으면 좋겠어요"),
    ("ko", "왜 이 주문이 두 번 결제되었나요?"),
    ("ko", "큰 보고서를 열면 앱이 멈춥니다"),
    ("ko", "목록에 필터를 더 추가해 주세요"),
    ("ko", "월요일 아침에는 보고서가 너무 늦게 열립니다"),
    ("ko", "대화를 맨 위에 고정하는 기능을 추가해 주시겠어요?"),
    ("ko", "결제가 세 번 실패했는데 아무도 답하지 않았습니다"),
    ("ar", "التصدير إلى إكسل يفقد العمود الأخير"),
    ("ar", "لا أستطيع تسجيل الدخول منذ التحديث"),
    ("ar", "سيكون الوضع الداكن مفيدا جدا في المساء"),
    ("ar", "لماذا تم خصم هذا الطلب مرتين؟"),
    ("ar", "يتعطل التطبيق عند فتح تقرير كبير"),
    ("ar", "يرجى إضافة المزيد من عوامل التصفية"),
    ("ar", "تستغرق التقارير وقتا طويلا للتحميل يوم الاثنين"),
    ("ar", "هل يمكنكم إضافة طريقة لتثبيت محادثة في الأعلى؟"),
    ("ar", "فشل الدفع ثلاث مرات ولم يرد أحد"),
    ("cs", "Export do Excelu ztrácí poslední sloupec"),
    ("cs", "Od aktualizace se nemohu přihlásit"),
    ("cs", "Tmavý režim by byl velmi užitečný večer"),
    ("cs", "Proč mi byla tato objednávka účtována dvakrát?"),
    ("cs", "Aplikace padá, když otevřu velký report"),
    ("cs", "Prosím o více filtrů v seznamu"),
    ("cs", "Načítání reportů trvá v pondělí ráno celou věčnost"),
    ("cs", "Mohli byste přidat způsob, jak připnout konverzaci nahoru?"),
    ("cs", "Platba třikrát selhala a nikdo mi neodpověděl"),
    ("id", "Ekspor ke Excel kehilangan kolom terakhir"),
    ("id", "Sejak pembaruan saya tidak bisa masuk"),
    ("id", "Mode gelap akan sangat berguna untuk malam hari"),
    ("id", "Mengapa pesanan ini ditagih dua kali?"),
    ("id", "Aplikasi macet saat saya membuka laporan besar"),
    ("id", "Tolong tambah filter di daftar ini"),
    ("id", "Laporan sangat lama dimuat pada Senin pagi"),
    ("id", "Bisakah kalian menambahkan cara untuk menyematkan percakapan di atas?"),
    ("id", "Pembayaran gagal tiga kali dan tidak ada yang menjawab"),
]
SHORT = [
    "Export CSV",
    "OK",
    "Dark mode",
    "10/10",
    "SSO login",
    "iOS",
    "PDF Excel Word",
    "Slack, Jira, Zendesk",
    "v2.3.1",
    "👍",
    "很好",
    "Nice",
]
NEITHER = [
    "Raporty sa načítavajú veľmi dlho, pomôžte mi prosím",
    "Izvještaji se učitavaju jako dugo ponedjeljkom",
    "Aruannete laadimine võtab esmaspäeviti väga kaua",
    "Els informes triguen molt a carregar els dilluns",
    "Tha na h-aithisgean slaodach",
    "Отчетите се зареждат много бавно в понеделник",
]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_no_sentence_is_taken_for_another_language(language: str, text: str) -> None:
    assert language_of("", text) in (language, "")


@pytest.mark.parametrize("language", sorted({language for language, _ in SENTENCES}))
def test_of_each_language_at_least_half_of_the_short_sentences_are_known(language: str) -> None:
    texts = [text for name, text in SENTENCES if name == language]

    assert 2 * sum(language_of("", text) == language for text in texts) >= len(texts)


def test_of_all_short_sentences_nine_in_ten_are_known() -> None:
    assert sum(language_of("", text) == name for name, text in SENTENCES) >= 0.89 * len(SENTENCES)


@pytest.mark.parametrize("text", ["", *SHORT])
def test_of_a_few_words_nothing_is_said(text: str) -> None:
    assert language_of("", text) == ""


@pytest.mark.parametrize("text", NEITHER)
def test_of_languages_that_are_not_known_nothing_is_said(text: str) -> None:
    assert language_of("", text) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("导出 Excel 报表时 SSO 登录失败", "zh"),
        ("The export fails with 文件不存在 as the only message that we can see in the log of it", "en"),
        ("请播放 The Sound of One Hand Clapping", ""),
        ("Das ist gut so\n> the text that we quoted is in English and it is long", "de"),
        ("修复了\n```\nif the user is not in the list of this: return\n```\n请尽快再看看吧", "zh"),
        ("Звіти не відкриваються після оновлення", "uk"),
        ("گزارش‌ها باز نمی‌شوند چرا", ""),
        ("Οι αναφορές δεν ανοίγουν", "el"),
    ],
)
def test_what_prevails_among_a_writers_own_words_is_the_language(text: str, language: str) -> None:
    assert language_of("", text) == language


def test_a_title_counts_as_the_text_does() -> None:
    assert language_of("The export of this report is slow", "") == "en"


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert language_of("", text) == language_of("", text)
    assert len(language_of("", text)) in (0, 2)


@pytest.mark.parametrize("part", ["the ", "导", "カ", "a'", "é", "ы", "\n> ", "at a.b("])
def test_a_megabyte_of_anything_is_judged_by_its_beginning(part: str) -> None:
    assert language_of("", part * (2**20 // len(part))) == language_of("", part * (10_000 // len(part)))
