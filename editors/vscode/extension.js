"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** Starts `opshub rules lsp` in the folder that is open. */
async function activate() {
  const settings = vscode.workspace.getConfiguration("opshub");
  const config = settings.get("config");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const server = {
    command: settings.get("command"),
    args: [...(config ? ["--config", config] : []), "rules", "lsp"],
    options: { cwd: folder },
  };
  const watcher = vscode.workspace.createFileSystemWatcher("**/{*.rules,opshub.toml}");
  client = new LanguageClient("opshub", "opshub rules", server, {
    documentSelector: [{ scheme: "file", language: "opshub-rules" }],
    synchronize: { fileEvents: watcher },
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `opshub rules: ${server.command} cannot be started (${error.message}). ` +
        'Set "opshub.command", and install it with: pip install "opshub[lsp]"',
    );
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
