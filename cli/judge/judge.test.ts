import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readLabelled } from "../../activities/oracle/labelled.ts";
import type { CandidateGroup, Verdict } from "../../core/records.ts";
import { base, choice, pairwise, question } from "../../core/testing/judged.ts";
import type { TrustFigures } from "../../core/trust.ts";
import { runCheck } from "./check.ts";
import type { Exchange, JudgeRoom } from "./room.ts";
import { runTry } from "./try.ts";

const folder = mkdtempSync(join(tmpdir(), "dno-judge-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

const GEOMETRY = fileURLToPath(new URL("../../examples/geometry/judge-labelled.jsonl", import.meta.url));
const ORACLE = write("oracle.yaml", "kind: pairwise\nmodel: m\nfamily: gpt\n");

/** @param says P(first ≻ second) of the two texts in the order shown */
function roomOf(says: (first: string, second: string) => number): JudgeRoom {
	const verdictOf = ({ responses: [a, b] }: CandidateGroup) => pairwise(says(a!.text, b!.text), says(b!.text, a!.text));
	return {
		judgeGroups: async (_oracle, _folder, groups) => groups.map(verdictOf),
		exchanges: () => Promise.reject(new Error("not asked for")),
	};
}

async function check(room: JudgeRoom, ...args: string[]): Promise<string> {
	const printed: string[] = [];
	expect(await runCheck(args, (text) => printed.push(text), room)).toBe(0);
	return printed.join("");
}

const ALL = ["--judge", ORACLE, "--labelled", GEOMETRY];

describe("dno judge check", () => {
	test("shows that a judge which only looks at the place is a bad one", async () => {
		expect(
			await check(
				roomOf(() => 1),
				...ALL,
			),
		).toMatchInlineSnapshot(`
			"j: 200 prompts, 400 questions
			  figure                                   95 % interval    n
			! Accuracy, ties half              50.0 %      43.1–56.9  200
			! Order-swap agreement              0.0 %        0.0–1.9  200
			! Preference for the first place  100.0 %     98.1–100.0  200
			  Tied comparisons                100.0 %     98.1–100.0  200
			  Tied single questions             0.0 %        0.0–1.9  200
			  Invalid prompts                   0.0 %        0.0–1.9  200
			  Invalid questions                 0.0 %        0.0–1.9  200
			  Unjudged prompts                  0.0 %        0.0–1.9  200
			  Unjudged questions                0.0 %        0.0–1.9  200

			! It prefers the better answer 50.0 % of the time, a tie counted half: not told apart from chance.
			! Shown the same two answers the other way round, it says the same 0.0 % of the time.
			! The answer shown earlier wins 100.0 %: it prefers what it reads first.
			"
		`);
	});

	test("has nothing against a judge that is right", async () => {
		const right = new Map(
			(await readLabelled(GEOMETRY)).flatMap(({ responses, scores }) =>
				responses.map((text, i) => [text, scores![i]!]),
			),
		);
		const shown = await check(
			roomOf((first, second) => Number(right.get(first)! > right.get(second)!)),
			...ALL,
		);
		expect(shown).toMatch(/Accuracy, ties half +100\.0 % +98\.1–100\.0 +200\n/);
		expect(shown).toMatch(/\n\nNo figure speaks against it\.\n$/);
	});

	test("tells length from quality, and takes the first lines only where it is asked to", async () => {
		const json = await check(
			roomOf((a, b) => Number(a.length > b.length)),
			...ALL,
			"--limit",
			"50",
			"--json",
		);
		const { judges, failures } = JSON.parse(json) as { judges: TrustFigures[]; failures: object };
		expect(json.split("\n")).toHaveLength(2);
		expect(failures).toEqual({});
		expect(judges).toMatchObject([
			{ judge: "j", prompts: 50, questions: 100, figures: { longerBalanced: { value: 1 } } },
		]);
	});

	test("says why questions failed, and that nothing is known without labels", async () => {
		const set = write("unlabelled.jsonl", '{"prompt":"a","responses":["b","c"]}\n');
		const failed: Verdict = {
			...{ ...base, kind: "invalid", judge: "j", reason: "no reply could be read" },
			asked: [question([0, 1], { kind: "invalid", reason: "no \u001b[31mJSON" })],
		};
		const room: JudgeRoom = { ...roomOf(() => 1), judgeGroups: async () => [failed] };
		const shown = await check(room, "--judge", ORACLE, "--labelled", set);
		expect(shown).toMatch(/Invalid prompts +100\.0 %/);
		expect(shown).toContain("how often it is right is not known");
		expect(shown).toContain("The first invalid question: no ␛[31mJSON\n");
	});

	test("hands the oracle file's folder and the families on", async () => {
		const set = write("families.jsonl", '{"prompt":"a","responses":["b","c"],"families":["gpt","llama"]}\n');
		let seen: unknown;
		const room: JudgeRoom = {
			...roomOf(() => 1),
			judgeGroups: async (oracle, where, groups) => {
				seen = [oracle.kind, where, groups.map(({ promptId }) => promptId)];
				return [{ ...pairwise(1, 0), judge: "m", asked: [question([0, 1], choice(1), "m")] }];
			},
		};
		const shown = await check(room, "--judge", ORACLE, "--labelled", set);
		expect(seen).toEqual(["pairwise", folder, ["line-1"]]);
		expect(shown).toMatch(/Preference for its own family +100\.0 %/);
	});
});

describe("an oracle file", () => {
	test.for([
		["a.yaml", "kind: pairwise\nmodle: m\n", ["a.yaml: 2 problems", "line 2: unknown key modle. Did you mean model?"]],
		[
			"b.json",
			'{\n"kind": "listwise",\n"model": "m",\n"schedule": "swiss"}',
			["b.json:4: unknown key schedule. schedule is for another kind; here are kind, name"],
		],
		["c.yaml", "kind: pairwise\nmodel: m\nbudget: -1\n", ["c.yaml:3: budget must be at least 0. got -1"]],
		[
			"d.yaml",
			"kind: panel\njudges:\n  - {kind: score, model: a}\n  - {kind: score, model: b, votse: 2}\n",
			["d.yaml:4: unknown key judges.1.votse. Did you mean judges.1.votes?"],
		],
		[
			"g.yaml",
			"kind: pairwise\nmodel: m\nrounds: 3\n",
			["g.yaml:3: rounds does nothing with schedule: all. Set schedule: swiss, or delete rounds"],
		],
		[
			"h.yaml",
			"kind: score\nmodel: m\nparameters:\n  max_tokens: 16000\n",
			["h.yaml:4: parameters.max_tokens has a setting of its own. Set maxTokens instead"],
		],
		[
			"i.yaml",
			"kind: panel\njudges:\n  - {kind: score, model: a}\n  - {kind: score, model: a}\n",
			["i.yaml:4: judges.1.model makes a second judge named a. Give each judge a `name` of its own"],
		],
		["e.yaml", "kind: llm\n", ["e.yaml:1: kind must be one of"]],
		["f.txt", "kind: score\n", ["f.txt: an oracle file is a .ts, .js"]],
	] as const)("that is bad is one error: %s %j", async ([name, text, says], { expect }) => {
		const file = write(name, text);
		const run = () =>
			runCheck(
				["--judge", file, "--labelled", GEOMETRY],
				() => {},
				roomOf(() => 1),
			);
		for (const part of says) await expect(run()).rejects.toThrow(part);
		await expect(run()).rejects.toMatchObject({ exitCode: 2 });
	});

	test.for([
		["apiKeyEnv: sk-proj-Sesame0123", "apiKeyEnv must be the NAME of an environment variable, in capitals"],
		["apiKeyEnv: gskSesame0123", "apiKeyEnv must be the NAME of an environment variable, in capitals"],
		["apiKeyEnv: [Sesame]", "apiKeyEnv must be a text"],
		["baseURL: https://u:Sesame@host/v1", "baseURL must not hold a user name or password"],
		["baseURL: u:Sesame@host/v1", "baseURL must be an http or https URL"],
		["apiKey: Sesame", "unknown key apiKey. Did you mean apiKeyEnv?"],
		["judges: [{apiKeyEnv: Sesame}]", "judges must be at least 2"],
	] as const)("with a secret where none belongs does not show it: %s", async ([line, says], { expect }) => {
		const kind = line.startsWith("judges") ? "kind: panel" : "kind: score\nmodel: m";
		const file = write("secret.yaml", `${kind}\n${line}\n`);
		const error = await runCheck(
			["--judge", file, "--labelled", GEOMETRY],
			() => {},
			roomOf(() => 1),
		).catch((error: Error) => error);
		expect(String(error)).toContain(says);
		expect(String(error)).not.toContain("Sesame");
	});

	test("that is missing suggests the near one", async () => {
		const run = runCheck(
			["--judge", join(folder, "oracel.yaml"), "--labelled", GEOMETRY],
			() => {},
			roomOf(() => 1),
		);
		await expect(run).rejects.toThrow("no such oracle file. Did you mean oracle.yaml?");
	});
});

describe("dno judge try", () => {
	const A = write("A.txt", "Paris.\n");
	const B = write("B.txt", "Lyon?\u001b[2J\n");
	const how = ["--judge", ORACLE, "--prompt", "The capital of France?", A, B];
	const call = (shown: [number, number]): Exchange["call"] => ({
		...{ schemaVersion: 1, key: `k${shown[0]}`, promptId: "line-1", judge: "m", shown, vote: 0, maxTokens: 99 },
		messages: [
			{ role: "system", content: "Judge." },
			{ role: "user", content: `Which is better?\nA: ${["Paris.", "Lyon?\u001b[2J"][shown[0]]}` },
		],
		reply: { kind: "choice", from: "text" },
	});
	const room: JudgeRoom = {
		...roomOf(() => 1),
		exchanges: async (_oracle, _folder, { responses }) => {
			expect(responses.map(({ text }) => text)).toEqual(["Paris.", "Lyon?\u001b[2J"]);
			return {
				verdict: pairwise(1, 0),
				exchanges: [
					{
						call: call([0, 1]),
						outcome: {
							kind: "judged",
							reply: {
								...{
									schemaVersion: 1,
									key: "k0",
									judge: "m",
									model: "m-2026",
									cost: 0.00021,
									at: "2026-01-01T00:00:00Z",
								},
								reading: { kind: "choice", first: 1, reason: "It is Paris." },
								text: '{"reason": "It is Paris.", "verdict": "A"}',
								usage: { input: 1200, cachedInput: 1000, output: 12 },
							},
						},
					},
					{ call: call([1, 0]), outcome: { kind: "invalid", reason: "no JSON", text: "Well…", cost: 0.0001 } },
				],
			};
		},
	};

	test("shows all that was sent and received, and what it cost", async () => {
		const printed: string[] = [];
		expect(await runTry(how, (text) => printed.push(text), room)).toBe(0);
		expect(printed.join("")).toMatchInlineSnapshot(`
			"=== question 1 of 2 to m, showing A.txt, then B.txt
			--- system
			Judge.
			--- user
			Which is better?
			A: Paris.
			--- reply of m-2026: 1,200 tokens in (1,000 of them cached), 12 out, $0.00021
			{"reason": "It is Paris.", "verdict": "A"}
			--- read as
			A.txt is preferred (P(A.txt ≻ B.txt) = 1): It is Paris.

			=== question 2 of 2 to m, showing B.txt, then A.txt
			--- system
			Judge.
			--- user
			Which is better?
			A: Lyon?␛[2J
			--- reply
			Well…
			--- invalid
			no JSON

			=== verdict of j
			A.txt is preferred (P(A.txt ≻ B.txt) = 1)
			2 questions, $0.00031
			"
		`);
	});

	test("shows both turns of what was repaired, and of what was not", async () => {
		const first = { text: "It is A, of course.", problem: "the reply holds no JSON object as asked for" };
		const repaired: JudgeRoom = {
			...room,
			exchanges: async (...args) => {
				const { verdict, exchanges } = await room.exchanges(...args);
				const [judged, invalid] = exchanges.map(
					({ call, outcome }): Exchange =>
						outcome.kind === "judged"
							? { call, outcome: { ...outcome, reply: { ...outcome.reply, first } } }
							: { call, outcome: { ...outcome, first } },
				);
				return { verdict, exchanges: [judged!, invalid!] };
			},
		};
		const printed: string[] = [];
		await runTry(how, (text) => printed.push(text), repaired);
		const turn = [
			"--- assistant",
			"It is A, of course.",
			"--- user",
			"Your reply cannot be read: the reply holds no JSON object as asked for.",
		].join("\n");
		const [one, two] = printed.join("").split("=== question 2");
		expect(one).toContain(turn);
		expect(one).toMatch(/--- reply of m-2026: .*, \$0\.00021 in both turns\n\{"reason"/);
		expect(two).toContain(turn);
		expect(two).toContain("--- reply\nWell…\n--- invalid");
	});

	test("the same as JSON", async () => {
		const printed: string[] = [];
		await runTry([...how, "--json"], (text) => printed.push(text), room);
		expect(JSON.parse(printed.join(""))).toMatchObject({ verdict: { judge: "j" }, exchanges: [{}, {}] });
	});

	test.for([
		[["--judge", ORACLE, A, B], "dno judge try: --prompt is missing. See dno judge try --help"],
		[["--judge", ORACLE, "--prompt", "x", A], "dno judge try: B is missing"],
		[["--judge", ORACLE, "--prompt", "x", A, A], "say the same"],
		[["--judge", ORACLE, "--prompt", "x", A, join(folder, "b.txt")], "the text cannot be read"],
		[["--judge", ORACLE, "--prompt", "x", A, write("empty.txt", "\n")], "the text is empty"],
	] as const)("refuses %j", async ([args, says], { expect }) => {
		await expect(runTry(args, () => {}, room)).rejects.toThrow(says);
	});
});
