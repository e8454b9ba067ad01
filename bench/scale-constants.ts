/*
 * What docs/scale.md and the costs of docs/aws.md are computed from. `measured`: found on artifacts or runs of this project;
 * `limit`: of the software; `price`: a list price; `assumed`: neither, to be replaced by your own.
 */
export interface Constant {
	readonly value: number;
	readonly unit: string;
	readonly kind: "measured" | "limit" | "price" | "assumed";
	readonly source: string;
}

const of = (kind: Constant["kind"]) => (value: number, unit: string, source: string) =>
	({ value, unit, kind, source }) satisfies Constant;
const [measured, limit, price, assumed] = [of("measured"), of("limit"), of("price"), of("assumed")];

const GEOMETRY = "`examples/geometry --quick`, 2026-11-30";
const HISTORIES = "docs/reliability.md, bench histories, 60,000 prompts";
const READ = "`readJsonLines` of 1,000 to 3,000 made-up records of this shape, 2026-11-30";
const JUDGED = "240 listwise judgments of 5 candidates by the tests' judge, 2026-11-30";
const LEDGER = "docs/store.md: 4 workers of 16 calls in flight";
const AWS = "us-east-1, AWS's list as known in 2025-06; check before you rely on it";

export const CONSTANTS = {
	responseBytes: measured(210, "B a response", `${GEOMETRY}: 10,750 responses, without text and token ids`),
	pairBytes: measured(247, "B a pair", `${GEOMETRY}: 1,257 pairs of 676 B, without texts and token ids`),
	verdictBytes: measured(733, "B a verdict", JUDGED),
	replyBytes: measured(925, "B a stored reply", `${JUDGED}; its text is 385 B`),
	planBytes: measured(3624, "B a planned call", `${JUDGED}; of it 3 kB are the rubric and the message's frame`),
	ledgerBytes: measured(463, "B a call in the ledger", JUDGED),
	callEvents: measured(3.31, "events a call", `${JUDGED}: 794 events of one chunk`),
	callHistoryBytes: measured(808, "B of history a call", `${JUDGED}: 193,936 B of one chunk`),
	chunkEvents: measured(
		10.3,
		"events a child in its judging's history",
		"test/replay: 82 events, 8 children, one pause",
	),
	programEvents: measured(3.53, "events a program's activity", `${HISTORIES}: 572 events, 162 activities`),
	sampleEvents: measured(12.1, "events a part in its sampling's history", `${HISTORIES}: 725 events, 60 parts`),
	iterationEvents: measured(109, "events of an iteration", "test/replay: three baselines"),
	judgeRate: measured(122, "calls/s", "docs/performance.md: `dno judge run`, two cores that all share"),
	temporalRate: measured(261, "activities/s", "docs/performance.md: embedded server, two cores"),
	historyEvents: limit(51_200, "events a history", "Temporal"),
	stringChars: limit(536_870_888, "characters a string", "V8 in Node 24, `buffer.constants.MAX_STRING_LENGTH`"),
	readBytes: limit(
		2_147_483_647,
		"B of a file or a hashed buffer",
		"Node 24: `readFile` and `Hash.update` refuse more",
	),
	payloadBytes: limit(2_097_152, "B of a payload", "Temporal's default"),
	callsAChunk: limit(500, "calls a chunk", "core/judging-spec.ts"),
	partsARun: limit(200, "parts or chunks a run of sampling or judging", "workflows/sampling.ts, workflows/judging.ts"),
	programChunks: limit(500, "activities of a program's child", "workflows/judging.ts"),
	promptsAPart: limit(1000, "prompts a part of candidates, and a sampling step", "core/prompt-range.ts"),
	partsKept: limit(8, "parts that a worker keeps", "activities/oracle/candidates.ts"),
	plansKept: limit(8, "plans that a judge worker keeps", "activities/oracle/calls/plan-reader.ts"),
	refBytes: limit(96, "B a reference to an artifact", "core/records.ts: sha256 and size as JSON"),
	samples: assumed(5, "responses a prompt, and one of the teacher", "the paper's K"),
	promptTokens: assumed(200, "tokens a prompt", "UltraFeedback-like"),
	responseTokens: assumed(300, "tokens a response", "UltraFeedback-like"),
	evaluationSamples: assumed(2, "responses a prompt that is evaluated", "core/config.ts, the default"),
	replyTokens: assumed(300, "tokens a judge's reply", "listwise with reasons"),
	rubricTokens: assumed(600, "tokens of rubric and frame", "activities/oracle/rubrics/listwise.md"),
	textBytes: assumed(4.3, "B of text a token", "English, vocabularies of 32,000 to 128,000"),
	idBytes: assumed(6.5, "B of JSON a token id", "ids of 5 to 6 digits and a comma"),
	parsed: measured(
		3.5,
		"times a part's bytes in memory while it is read",
		`${READ}: a part of candidates; before collection, with the file`,
	),
	kept: measured(1.2, "times an artifact's bytes in memory when it has been read", `${READ}: candidates and pairs`),
	keptPrompts: measured(1.04, "times the prompts' bytes in memory when they have been read", READ),
	exampleBytes: measured(6663, "B of memory a pair to train on", `${READ}: its tokens alone`),
	beginBytes: measured(
		13_417,
		"B of memory a training prompt, when a campaign begins",
		"`readPrompts` and its artifact of 30,000 made-up prompts of this shape, 2026-11-30: peak of resident memory",
	),
	labelledBytes: measured(
		113,
		"B a response of `dno judge run`, without its text",
		"activities/oracle/labelled.ts, as JSON",
	),
	lambdaStart: measured(152e6, "B of a judges' function that has started", "docs/lambda.md"),
	functionBytes: limit(1024 ** 3, "B of the judges' function's memory", "infra/aws/settings.ts, `judgeMemory`"),
	pairing: measured(
		588e6,
		"B of a process that makes pairs",
		"`pairCandidates` of 20,000 made-up prompts of this shape, 2026-11-30, a heap of 512 MB: peak of resident memory",
	),
	replayed: measured(
		2.06,
		"times the bytes of an iteration's pairs in memory while earlier ones are replayed",
		"the same, with 30 % and 15 % of two earlier iterations: 938 MB",
	),
	pairSeconds: measured(0.00048, "s of a core to make a prompt's pairs", "the same: 9.5 s, at a load of 12"),
	controlBytes: limit(2 * 1024 ** 3, "B of the control worker's memory", "infra/aws/control-stack.ts"),
	pairsAPrompt: assumed(1, "pair a prompt", "the margins decide; `pairs.maxPerPrompt` bounds it"),
	latency: assumed(4, "s a judge's reply", "300 tokens at 75/s"),
	concurrency: assumed(64, "calls in flight", "a judge's `concurrency`"),
	gpuFlops: assumed(989e12, "FLOP/s of an H100 in bfloat16", "its data sheet, without sparsity"),
	gpus: assumed(8, "GPUs a host", "p5.48xlarge"),
	samplingShare: assumed(
		0.3,
		"of that rate when sampling",
		"large batches on a server such as vLLM; not measured here",
	),
	trainingShare: assumed(0.4, "of that rate when training", "usual for dense models; not measured here"),
	judgeInput: price(2.5, "$ a million input tokens", "a GPT-4o-class judge, 2025-06; half in batches"),
	judgeOutput: price(10, "$ a million output tokens", "the same"),
	gpuHost: price(55.04, "$ an hour of p5.48xlarge", AWS),
	temporalActions: price(50, "$ a million actions", "Temporal Cloud, first 5 million a month"),
	storedPuts: limit(1, "PUT a call for its verdict", "docs/store.md"),
	storedGets: limit(1, "GET a call for a verdict that may be there", "docs/store.md"),
	ledgerPuts: measured(0.13, "PUT a call for the ledger on S3", LEDGER),
	ledgerGets: measured(16, "GET a call for the ledger on S3", LEDGER),
	s3Put: price(5, "$ a million PUT and LIST of S3", AWS),
	s3Get: price(0.4, "$ a million GET and HEAD of S3", AWS),
	s3Month: price(0.023, "$ a GB and month of S3", AWS),
	lambdaSecond: price(0.0000166667, "$ a GB-second of Lambda, x86", AWS),
	natHour: price(0.045, "$ an hour of a NAT gateway", AWS),
	addressHour: price(0.005, "$ an hour of a public address", AWS),
	natGb: price(0.045, "$ a GB through it", AWS),
	endpointHour: price(0.01, "$ an hour of an interface endpoint in one zone", AWS),
	fargateCpu: price(0.04048, "$ an hour of a vCPU of Fargate", AWS),
	fargateGb: price(0.004445, "$ an hour of a GB of Fargate", AWS),
	efsMonth: price(0.3, "$ a GB and month of EFS", AWS),
	kmsMonth: price(1, "$ a key and month", AWS),
	secretMonth: price(0.4, "$ a secret and month", AWS),
	metricMonth: price(0.3, "$ a custom metric and month", AWS),
	alarmMonth: price(0.1, "$ an alarm's metric and month", AWS),
	dashboardMonth: price(3, "$ a dashboard and month", AWS),
	logGb: price(0.5, "$ a GB of logs", AWS),
	ecrMonth: price(0.1, "$ a GB and month of images", AWS),
	gp3Month: price(0.08, "$ a GB and month of a gp3 disk", AWS),
	secretRead: price(5, "$ a million requests for secrets", AWS),
	g6eSpot: price(0.75, "$ an hour of g6e.xlarge on the spot market", `${AWS}; 1.861 on demand; spot prices move`),
} as const satisfies Readonly<Record<string, Constant>>;

/** The constants' values alone. */
export const C = Object.fromEntries(Object.entries(CONSTANTS).map(([name, { value }]) => [name, value])) as Readonly<
	Record<keyof typeof CONSTANTS, number>
>;
