import { join } from "node:path";
import { createFolderVerdictStore } from "../../activities/oracle/calls/folder-verdict-store.ts";
import { readRawReply } from "../../activities/oracle/calls/raw-reply.ts";
import { openModelOracle } from "../../activities/oracle/open-oracle.ts";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import { DnoError } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import type { FirstTurn, JudgeCall, StoredReply } from "../../core/judge-calls.ts";
import { isProgram, type OracleConfig } from "../../core/oracle-config.ts";
import type { Asked, CandidateGroup, Verdict } from "../../core/records.ts";
import { verdictsFolder } from "../../infra/campaign/folders.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { createPlainRenderer } from "../render/plain-renderer.ts";
import { judgeFile } from "./judge-file.ts";

/** One question to a judge and what came back. */
export interface Exchange {
	readonly call: JudgeCall;
	readonly outcome:
		| { readonly kind: "judged"; readonly reply: StoredReply }
		| {
				readonly kind: "invalid" | "unjudged";
				readonly reason: string;
				/** The reply that could not be read, and the one before, where it was the second. */
				readonly text?: string;
				readonly first?: FirstTurn;
				/** US dollars, as far as known. */
				readonly cost: number;
		  };
}

/** What judges outside of campaigns; loaded only when needed, and replaced in tests. */
export interface JudgeRoom {
	/**
	 * Judges groups all against all, one verdict a group in their order. What fails is a verdict (promise 1), and what the
	 * verdict store has is not asked again (promise 2).
	 *
	 * @param folder where the oracle's relative paths begin
	 */
	judgeGroups(oracle: OracleConfig, folder: string, groups: readonly CandidateGroup[]): Promise<readonly Verdict[]>;
	/** Judges one group and tells all that was said, in the order of the verdict's `asked`; nothing by a program. */
	exchanges(
		oracle: OracleConfig,
		folder: string,
		group: CandidateGroup,
	): Promise<{ readonly verdict: Verdict; readonly exchanges: readonly Exchange[] }>;
}

export const judgeRoom: JudgeRoom = {
	async judgeGroups(oracle, folder, groups) {
		return (await judgeOrFail(oracle, folder, groups)).verdicts;
	},

	async exchanges(oracle, folder, group) {
		const { directory, verdicts } = await judgeOrFail(oracle, folder, [group]);
		const verdict = verdicts[0]!;
		const calls = await callsOf(oracle, folder, group);
		const asked = verdict.asked ?? [];
		const exchanges = asked.map(({ key, outcome }) => exchange(directory, calls.get(key)!, outcome));
		return { verdict, exchanges: await Promise.all(exchanges) };
	},
};

/** Judges with progress on stderr; what ends it early is an error here, as nothing waits to go on. */
async function judgeOrFail(oracle: OracleConfig, folder: string, groups: readonly CandidateGroup[]) {
	const renderer = createPlainRenderer(process.stderr);
	const interrupt = listenForInterrupt(() => {});
	let pause: PausedEvent | undefined;
	try {
		const { directory, outcome } = await judgeFile({
			oracle,
			folder,
			groups,
			emit: (event) => {
				if (event.event === "paused") pause = event;
				else renderer.show(event);
			},
			signal: interrupt.signal,
		});
		if (outcome.kind === "finished") return { directory, verdicts: outcome.verdicts };
		if (outcome.kind === "stopped") process.exit(interrupt.exitCode());
		const mend = `${pause!.mend} and run the same command again: what is judged is kept`;
		throw new DnoError({ what: "judging has paused", got: pause!.reason, mend });
	} finally {
		interrupt.dispose();
		renderer.close();
	}
}

type PausedEvent = Extract<CampaignEvent, { event: "paused" }>;

/** All calls that a judge may be asked about two candidates: with two, every schedule has one round. */
async function callsOf(oracle: OracleConfig, folder: string, group: CandidateGroup): Promise<Map<string, JudgeCall>> {
	if (isProgram(oracle)) return new Map();
	const judge = await openModelOracle(oracle, folder);
	return new Map(judge.calls(group, "all", () => undefined).map((call) => [call.key, call]));
}

async function exchange(directory: string, call: JudgeCall, outcome: Asked["outcome"]): Promise<Exchange> {
	if (outcome.kind === "unjudged") return { call, outcome: { ...outcome, cost: 0 } };
	if (outcome.kind === "invalid") {
		const { reason, text: ref } = outcome;
		const raw = ref && (await readRawReply(createFolderStore(join(directory, "store")), ref));
		if (raw === undefined) return { call, outcome: { kind: "invalid", reason, cost: 0 } };
		const { text, first, cost } = raw;
		return { call, outcome: { kind: "invalid", reason, text, ...(first && { first }), cost } };
	}
	const reply = await createFolderVerdictStore(verdictsFolder(directory)).find(call.key);
	return { call, outcome: { kind: "judged", reply: reply! } };
}
