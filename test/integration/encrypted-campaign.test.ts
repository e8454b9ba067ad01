import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeCases } from "../faults/candidates.ts";
import { JudgeFile, KEY, PRICE } from "../faults/judge-file.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

/** A value of the config and a text that a verifier throws, both in histories when nothing is encrypted. */
const LOSS = '"loss":"sppo"';
const PROMPT = "planted-prompt-text";
const THROWING = `export function verify({ prompt }) { throw new Error("${PROMPT} " + prompt); }`;

async function smallCampaign() {
	const folder = await makeSmallCampaign({
		iterations: 1,
		baselines: {},
		training: { learningRate: 1e-3, batchSize: 4, loss: "sppo" },
	});
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return { folder, out: join(folder, "out"), keys: join(folder, "keys") };
}

/** All that Temporal keeps: the database and its journal. */
function temporalFiles(out: string): string {
	const folder = join(out, "temporal");
	const files = readdirSync(folder).filter((name) => name.startsWith("temporal.db"));
	expect(files).toContain("temporal.db");
	return files.map((name) => readFileSync(join(folder, name), "latin1")).join("\n");
}

const run = (folder: string, out: string, env: Record<string, string>) =>
	startDno(["run", folder, "--out", out, "--json"], { env }).ended;

test("with a key a campaign runs to its end, and neither config nor failures are in Temporal's files", async () => {
	const { folder, out, keys } = await smallCampaign();
	writeFileSync(keys, randomBytes(32).toString("base64"));
	const secret = { DNO_PAYLOAD_KEY_FILE: keys };

	expect(await run(folder, out, secret)).toMatchObject({ code: 0, stderr: "" });
	expect(readReport(out).campaign.status).toBe("finished");
	writeFileSync(join(folder, "verifier.ts"), THROWING);
	const failed = await run(folder, `${out}-failed`, secret);
	expect(failed.stderr).toContain(PROMPT);
	expect(failed.code).toBe(1);
	for (const kept of [temporalFiles(out), temporalFiles(`${out}-failed`)]) {
		expect(kept).toContain("binary/encrypted");
		for (const text of [LOSS, PROMPT, "sha256"]) expect(kept.includes(text), text).toBe(false);
	}
});

test("without a key both are found there", async () => {
	const { folder, out } = await smallCampaign();
	writeFileSync(join(folder, "verifier.ts"), THROWING);
	const failed = await run(folder, out, { DNO_PAYLOAD_KEY_FILE: "" });
	expect(failed.code).toBe(1);
	const kept = temporalFiles(out);
	for (const text of [LOSS, PROMPT, "sha256"]) expect(kept.includes(text), text).toBe(true);
});

test("a campaign that was begun with a key is not gone on with without it, and says why", async () => {
	const { folder, out, keys } = await smallCampaign();
	writeFileSync(keys, `mine ${randomBytes(32).toString("hex")}`);
	const { child, until, ended } = startDno(["run", folder, "--out", out, "--json"], {
		env: { DNO_PAYLOAD_KEY_FILE: keys },
	});
	await until(({ event }) => event === "temporal");
	child.kill("SIGINT");
	expect((await ended).code).toBe(130);
	const { code, stderr } = await run(folder, out, { DNO_PAYLOAD_KEY_FILE: "" });
	expect(stderr).toMatch(
		/^[^\n]*DNO_PAYLOAD_KEY_FILE: This campaign's payloads are encrypted with a key that is not here/,
	);
	expect(code).toBe(1);
	expect(await run(folder, out, { DNO_PAYLOAD_KEY_FILE: keys })).toMatchObject({ code: 0 });
});

test("a judged file is encrypted with a key, and not without", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
	const cases = makeCases("encrypted", 4, 3);
	const inDatabase = (file: JudgeFile, text: string) =>
		file.filesWith(text).filter((name) => basename(name).startsWith("temporal.db"));
	for (const key of [undefined, randomBytes(32).toString("base64")]) {
		const keys = join(temporaryFolder(), "keys");
		if (key !== undefined) writeFileSync(keys, key);
		using file = new JudgeFile(
			server,
			cases,
			{ kind: "listwise" },
			{ DNO_PAYLOAD_KEY_FILE: key === undefined ? "" : keys },
		);
		expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 4 } });
		expect(inDatabase(file, "sha256").length > 0).toBe(key === undefined);
		expect(inDatabase(file, "binary/encrypted").length > 0).toBe(key !== undefined);
		if (key !== undefined) expect(file.filesWith(key)).toEqual([]);
	}
});
