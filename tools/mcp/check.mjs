// Runs the official conformance suite and inspector with the built program: node check.mjs PROGRAM
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { serve } from "./bridge.mjs";

const program = resolve(process.argv[2]);
const args = ["mcp", "--demo"];
const bin = (name) => join(import.meta.dirname, "node_modules", ".bin", name);

// The scenarios for any server. The others call tools, prompts and resources of the suite's own, which only its example
// servers have, or look at HTTP.
const scenarios = ["server-initialize", "ping", "logging-set-level", "tools-list", "resources-list", "prompts-list"];

async function conforms(url, results) {
  let failed = 0;
  for (const scenario of scenarios) {
    const suite = spawn(bin("conformance"), ["server", "--url", url, "--scenario", scenario, "--output-dir", results], { stdio: "inherit" });
    const [code] = await once(suite, "exit");
    if (code !== 0) failed++;
  }
  if (failed > 0) throw new Error(`${failed} of ${scenarios.length} scenarios failed`);
}

// inspect asks the inspector, which starts the program itself.
function inspect(config, method, ...more) {
  const out = execFileSync(bin("mcp-inspector-cli"), ["--cli", "--config", config, "--server", "bitbucket", "--method", method, ...more]);
  return JSON.parse(out);
}

const results = mkdtempSync(join(tmpdir(), "mcp-check-"));
const bridge = await serve(program, args);
try {
  await conforms(bridge.url, results);
  const config = join(results, "servers.json");
  writeFileSync(config, JSON.stringify({ mcpServers: { bitbucket: { command: program, args } } }));
  const counts = ["tools", "resources", "prompts"].map((list) => `${inspect(config, `${list}/list`)[list].length} ${list}`);
  const called = inspect(config, "tools/call", "--tool-name", "query", "--tool-arg", "sql=select count(*) as n from bitbucket_my_workspace");
  const { rows } = JSON.parse(called.content[0].text);
  if (rows[0][0] !== 2) throw new Error(`the inspector got ${JSON.stringify(rows)}`);
  console.log(`The inspector sees ${counts.join(", ")}.`);
} finally {
  bridge.close();
  rmSync(results, { recursive: true });
}
