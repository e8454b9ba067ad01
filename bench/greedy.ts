import { openPromptFormat } from "../gpu-worker/prompt-format.ts";
import { openOurs, openPeers, readOptions } from "./options.ts";

/*
 * Greedy text of 20 prompts × 64 tokens against transformers, token by token. Up to the first difference both saw the
 * same tokens; there the peer's two best scores have to be a tie within 1e-4, for sums in another order differ by as much.
 */

const TIE = 1e-4;
const SUBJECTS = [
	"a lighthouse",
	"prime numbers",
	"bread",
	"the moon",
	"a lost key",
	"rivers",
	"chess",
	"bees",
	"rain",
	"trains",
];
const PROMPTS = SUBJECTS.flatMap((subject) => [
	`Write two sentences about ${subject}.`,
	`List five facts about ${subject}.`,
]);

interface PeerAnswer {
	readonly tokens: number[];
	/** Best score minus the second best, at every place. */
	readonly leads: number[];
}

/** `npm run bench -- greedy`; exit code 1 where a text differs and is no tie. */
export async function checkGreedy(args: readonly string[]): Promise<void> {
	const { json, model, threads } = readOptions(args);
	const { encodePrompt } = openPromptFormat(model, "chat");
	using ours = openOurs();
	using peers = openPeers();
	const requests = PROMPTS.map((prompt) => ({ promptTokens: encodePrompt(prompt), seeds: [0] }));
	const settings = { temperature: 0, topP: 1, maxTokens: 64 };
	const work = { task: "greedy", model, threads, requests, settings };
	const { answers } = await peers.ask<{ answers: PeerAnswer[] }>(work);
	await peers.close();
	const { tokens } = await ours.ask<{ tokens: number[][] }>(work);
	await ours.close();
	const rows = answers.map((peer, i) => {
		const own = tokens[i]!;
		const at = Array.from({ length: Math.max(own.length, peer.tokens.length) }).findIndex(
			(_, k) => own[k] !== peer.tokens[k],
		);
		if (at === -1) return { prompt: PROMPTS[i], verdict: "identical" as const };
		const lead = peer.leads[at] ?? Number.POSITIVE_INFINITY;
		return { prompt: PROMPTS[i], verdict: lead < TIE ? ("tie" as const) : ("different" as const), at, lead };
	});
	const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
	const summary = { identical: count("identical"), ties: count("tie"), different: count("different") };
	console.log(
		json ? JSON.stringify({ ...summary, rows }) : `${JSON.stringify(summary)} of ${rows.length} greedy texts`,
	);
	if (summary.different > 0) process.exitCode = 1;
}
