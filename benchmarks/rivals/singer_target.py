"""The load's destination by the Singer SDK: SQLite on its SQLTarget, an upsert by key."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th
from singer_sdk.sql import SQLConnector, SQLSink, SQLTarget
from sqlalchemy.dialects.sqlite import insert


class SQLiteConnector(SQLConnector):
    """One database file."""

    allow_temp_tables = False

    def get_sqlalchemy_url(self, config: Any) -> str:
        return f"sqlite:///{config['database']}"


class SQLiteSink(SQLSink[SQLiteConnector]):
    """Rows by their primary key."""

    connector_class = SQLiteConnector
    max_size = 10_000

    @property
    def schema_name(self) -> None:
        return None

    def generate_insert_statement(self, full_table_name: Any, schema: Any) -> Any:
        table = self.connector.get_table(full_table_name)
        statement = insert(table)
        changed = {one.name: statement.excluded[one.name] for one in table.columns if one.name != "id"}
        return statement.on_conflict_do_update(index_elements=["id"], set_=changed)


class SQLiteTarget(SQLTarget):
    """The target."""

    name = "target-sqlite"
    default_sink_class = SQLiteSink
    config_jsonschema = th.PropertiesList(th.Property("database", th.StringType, required=True)).to_dict()


if __name__ == "__main__":
    SQLiteTarget.cli()
