/** `node bench/scale.ts`: the tables of docs/scale.md, as Markdown. */

import { bytes, dollars, short, table, time } from "./markdown.ts";
import { C, CONSTANTS } from "./scale-constants.ts";

const SIZES = [60_000, 1_000_000];
const POLICIES = [
	{ name: "7B", parameters: 7e9 },
	{ name: "70B", parameters: 70e9 },
];
const K = C.samples;
/** Text and token ids of a token, as artifacts of candidates and pairs keep both. */
const TOKEN = C.textBytes + C.idBytes;

/** Of S3 for a judged call, and their price in dollars a million calls. */
const [puts, gets] = [C.storedPuts + C.ledgerPuts, C.storedGets + C.ledgerGets];
export const REQUESTS = puts * C.s3Put + gets * C.s3Get;

/** What one iteration over so many prompts makes, besides weights. */
function iteration(prompts: number) {
	const calls = prompts;
	const chunks = Math.ceil(calls / C.callsAChunk);
	const pairwiseChunks = Math.ceil(prompts / Math.floor(C.callsAChunk / ((K + 1) * K)));
	const parts = Math.ceil(prompts / C.promptsAPart);
	const promptBytes = prompts * (C.promptTokens + C.responseTokens) * C.textBytes;
	/** Units whose run of the judging was not its last one: their verdicts are joined. */
	const joined = (Math.ceil(chunks / C.partsARun) - 1) * C.partsARun;
	const shown = C.promptTokens + (K + 1) * C.responseTokens;
	const pairs = prompts * C.pairsAPrompt;
	const reply = C.replyTokens * C.textBytes;
	return {
		...{ calls, chunks, pairwiseChunks, parts, pairs, promptBytes },
		promptsRead: promptBytes * parts,
		pairwiseCalls: prompts * (K + 1) * K,
		responseTokens: prompts * K * C.responseTokens,
		trainedTokens: pairs * (C.promptTokens + 2 * C.responseTokens),
		candidates:
			prompts *
			(C.promptTokens * TOKEN + K * (C.responseBytes + C.responseTokens * TOKEN) + C.responseTokens * C.textBytes),
		plans: calls * (3000 + shown * C.textBytes),
		// The text once, and once more taken apart into scores and reasons.
		replies: calls * (C.replyBytes + 2 * reply),
		verdicts: calls * (C.verdictBytes + reply) * (1 + joined / chunks),
		ledger: calls * C.ledgerBytes,
		pairBytes: pairs * (C.pairBytes + (C.promptTokens + 2 * C.responseTokens) * TOKEN),
		histories: calls * C.callHistoryBytes,
		judgeDollars: (calls * ((C.rubricTokens + shown) * C.judgeInput + C.replyTokens * C.judgeOutput)) / 1e6,
		temporalDollars: (calls * 1.02 * C.temporalActions) / 1e6,
		requestDollars: (calls * REQUESTS) / 1e6,
		judgingSeconds: (calls * C.latency) / C.concurrency,
	};
}
type Iteration = ReturnType<typeof iteration>;

function gpu({ responseTokens, trainedTokens }: Iteration, parameters: number) {
	const rate = C.gpus * C.gpuFlops;
	// Forward 2·N a token; backward twice that; the reference's forward beside it.
	const sampling = (responseTokens * 2 * parameters) / (rate * C.samplingShare);
	const training = (trainedTokens * 8 * parameters) / (rate * C.trainingShare);
	return { sampling, training, dollars: ((sampling + training) / 3600) * C.gpuHost, weights: 2 * parameters };
}

const head = ["an iteration", ...SIZES.map((size) => `${size.toLocaleString("en-US")} prompts`)];
const each = (label: string, cell: (made: Iteration, prompts: number) => string) => [
	label,
	...SIZES.map((size) => cell(iteration(size), size)),
];
const share = (events: number) => `${short(events)} (${short((100 * events) / C.historyEvents)} %)`;
const runs = (units: number) => short(Math.ceil(units / C.partsARun));
/** Events of the longest run that does so many units. */
const longest = (units: number, events: number) => share(Math.min(units, C.partsARun) * events);

/** Of a prompt: what one adds to the artifacts of an iteration. */
const one = (() => {
	const { candidates, plans, pairBytes, promptBytes } = iteration(1e6);
	const judgedAnswer = (C.responseTokens + C.replyTokens / (K + 1)) * C.textBytes;
	return {
		...{ candidates: candidates / 1e6, plan: plans / 1e6, pair: pairBytes / 1e6, prompt: promptBytes / 1e6 },
		/** Ids of a pair as JSON. */
		/** A row of an evaluation. */
		row: C.promptTokens * C.textBytes + (1 + C.evaluationSamples) * judgedAnswer,
		/** A line's candidates as `dno judge run` takes them in. */
		labelled: C.promptTokens * C.textBytes + (K + 1) * (C.responseTokens * C.textBytes + C.labelledBytes),
	};
})();

/** What a worker holds of parts: those kept, and one that is read. */
const parts = C.promptsAPart * one.candidates * (C.partsKept * C.kept + C.parsed);
const memory = {
	judge: parts + C.plansKept * C.callsAChunk * one.plan,
	prompts: one.prompt * (1 + C.keptPrompts),
	/** While the paper's shares of two earlier iterations are added: the file of one is there at a time, and what was drawn. */
	replay: one.pair * C.replayed,
	training: one.pair + C.exampleBytes,
	/** One is kept while the other one's file is read. */
	report: one.row * (1 + 2 * C.kept),
};

const [iterationPrompts, trainingPrompts, evaluated] = [
	"prompts an iteration",
	"training prompts",
	"evaluated prompts",
] as const;
const LIMITS: readonly (readonly [what: string, at: number, of: string])[] = [
	[
		"judges' function of 1 GB: pairs of two iterations to replay from",
		(C.functionBytes - C.pairing) / memory.replay,
		iterationPrompts,
	],
	["`dno judge run`: all groups as one text, for its key", C.stringChars / one.labelled, "prompts in the file"],
	["evaluation: all rows as one text", C.stringChars / one.row, evaluated],
	["`dno start` in a task of 2 GB: the file of prompts", C.controlBytes / C.beginBytes, trainingPrompts],
	[
		"judges' function of 1 GB: rows of two policies, which a report compares",
		(C.functionBytes - C.lambdaStart) / memory.report,
		evaluated,
	],
	["pairs in one artifact: what Node reads and hashes at once", C.readBytes / one.pair, iterationPrompts],
	["file of prompts as one text", C.stringChars / one.prompt, trainingPrompts],
	["prompts of an iteration in one artifact", C.readBytes / one.prompt, iterationPrompts],
	[
		"a payload that names all parts and their verdicts",
		(C.payloadBytes / (2 * C.refBytes)) * C.promptsAPart,
		iterationPrompts,
	],
];

export const SCALE_TABLES: Readonly<Record<string, string>> = {
	calls: table(head, [
		each("calls, listwise (one a prompt)", ({ calls }) => short(calls)),
		each("calls, pairwise, all against all in both orders", ({ pairwiseCalls }) => short(pairwiseCalls)),
		each("judging at 64 in flight and 4 s a reply (16/s)", ({ judgingSeconds }) => time(judgingSeconds)),
		each(`… as fast as measured (${C.judgeRate}/s)`, ({ calls }) => time(calls / C.judgeRate)),
		each(`… as fast as the embedded server allows (${C.temporalRate}/s)`, ({ calls }) => time(calls / C.temporalRate)),
		each("tokens sampled", ({ responseTokens }) => short(responseTokens)),
		each("tokens trained on", ({ trainedTokens }) => short(trainedTokens)),
		each("making pairs, on a whole core", (_, prompts) => time(prompts * C.pairSeconds)),
		each("… by the function of 1 GB, which has 58 % of one", (_, prompts) => time((prompts * C.pairSeconds) / 0.58)),
	]),
	bytes: table(head, [
		each("candidates", ({ candidates }) => bytes(candidates)),
		each("planned calls", ({ plans }) => bytes(plans)),
		each("stored replies", ({ replies }) => bytes(replies)),
		each("verdicts, of chunks and joined", ({ verdicts }) => bytes(verdicts)),
		each("pairs", ({ pairBytes }) => bytes(pairBytes)),
		each("prompts", ({ promptBytes }) => bytes(promptBytes)),
		each("prompts as sampling steps read them, all of them for each part", ({ promptsRead }) => bytes(promptsRead)),
		each("candidates as they are read: by one judge worker, for pairs, for the report", ({ candidates }) =>
			bytes(3 * candidates),
		),
		each("ledger", ({ ledger }) => bytes(ledger)),
		each("Temporal's histories, until their retention ends", ({ histories }) => bytes(histories)),
		...POLICIES.map(({ name, parameters }) => [
			`weights of ${name}, full fine-tuning, bfloat16`,
			...SIZES.map(() => bytes(2 * parameters)),
		]),
	]),
	memory: table(head, [
		each("judge worker: eight parts kept and one read, eight plans", () => bytes(memory.judge)),
		each("judges' function: that, and what it has when it has started", () => bytes(C.lambdaStart + memory.judge)),
		each("… while it makes pairs: as many parts, and what is not collected yet", () => bytes(C.pairing)),
		each("… while it replays of two iterations, too", (_, prompts) => bytes(C.pairing + memory.replay * prompts)),
		each("control worker: prompts to choose from", (_, prompts) => bytes(memory.prompts * prompts)),
		each("GPU worker: pairs' file and their tokens", (_, prompts) => bytes(memory.training * prompts)),
		each("`dno start`: the file of prompts", (_, prompts) => bytes(C.beginBytes * prompts)),
	]),
	histories: table(head, [
		each("runs of the sampling", (made) => runs(made.parts)),
		each("events of a run at most (of 51,200)", (made) => longest(made.parts, C.sampleEvents)),
		each("runs of the judging, listwise", ({ chunks }) => runs(chunks)),
		each("events of a run at most", ({ chunks }) => longest(chunks, C.chunkEvents)),
		each("runs of the judging, pairwise", ({ pairwiseChunks }) => runs(pairwiseChunks)),
		each("events of a run at most", ({ pairwiseChunks }) => longest(pairwiseChunks, C.chunkEvents)),
		each("chunks of judging, listwise", ({ chunks }) => short(chunks)),
		each("chunks of judging, pairwise", ({ pairwiseChunks }) => short(pairwiseChunks)),
		each("events of a chunk", () => share(C.callsAChunk * C.callEvents)),
		each("events of a program's child at most", () => share(C.programChunks * C.programEvents)),
		each("events of the iteration", () => share(C.iterationEvents)),
	]),
	cost: table(head, [
		each("judge, listwise", ({ judgeDollars }) => dollars(judgeDollars)),
		each("… in batches", ({ judgeDollars }) => dollars(judgeDollars / 2)),
		each("Temporal Cloud", ({ temporalDollars }) => dollars(temporalDollars)),
		each("Lambda, one invocation of 1 GB with 64 calls in flight", ({ judgingSeconds }) =>
			dollars(judgingSeconds * C.lambdaSecond),
		),
		each("S3, a month of the artifacts", (made) =>
			dollars(((made.candidates + made.plans + made.replies + made.verdicts + made.pairBytes) / 1e9) * C.s3Month),
		),
		each(`S3, requests: ${puts} PUT and ${gets} GET a call`, ({ requestDollars }) => dollars(requestDollars)),
		...POLICIES.map(({ name, parameters }) =>
			each(`S3, a month of the weights, ${name}: ${bytes(2 * parameters)}`, () =>
				dollars(((2 * parameters) / 1e9) * C.s3Month),
			),
		),
		...POLICIES.flatMap(({ name, parameters }) => [
			each(`${name}: sampling on one host`, (made) => time(gpu(made, parameters).sampling)),
			each(`${name}: training on one host`, (made) => time(gpu(made, parameters).training)),
			each(`${name}: the host, on demand`, (made) => dollars(gpu(made, parameters).dollars)),
		]),
	]),
	limits: table(
		["what is full", "at", "of"],
		LIMITS.toSorted((a, b) => a[1] - b[1]).map(([what, at, of]) => [what, short(at), of]),
	),
	constants: table(
		["constant", "value", "kind", "source"],
		Object.values(CONSTANTS).map(({ value, unit, kind, source }) => [
			unit,
			value < 0.001 ? String(value) : value.toLocaleString("en-US", { maximumFractionDigits: 6 }),
			kind,
			source,
		]),
	),
};

if (import.meta.main)
	for (const [name, text] of Object.entries(SCALE_TABLES)) console.log(`<!-- ${name} -->\n${text}\n`);
