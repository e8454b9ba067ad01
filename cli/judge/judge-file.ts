import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createFileLedger } from "../../activities/oracle/calls/file-ledger.ts";
import { oracleFingerprint } from "../../activities/oracle/open-oracle.ts";
import { removeTemporaries } from "../../activities/store/atomic-write.ts";
import { hashJson } from "../../activities/store/hash-json.ts";
import { isProgram, type OracleConfig } from "../../core/oracle-config.ts";
import { SCHEMA_VERSION } from "../../core/records.ts";
import { ledgerFile } from "../../infra/campaign/folders.ts";
import type { JudgingOutcome, JudgingRun } from "../../infra/judge/run-judging.ts";
import { mapOraclePaths } from "../../infra/workspace/config-paths.ts";
import { checkOracle } from "../check-oracle.ts";
import { acquireLock } from "../lock.ts";

type FileRun = Pick<JudgingRun, "oracle" | "folder" | "groups" | "emit" | "signal"> & {
	/** US dollars, instead of the oracle's: no ceiling where neither is there. */
	readonly budget?: number;
};

/**
 * Judges groups of candidates in a folder of their own beside the campaigns', `runs/judge-<hash>`: the same work finds what
 * it has done, and the verdict store that campaigns fill.
 *
 * @throws {DnoError} The oracle will not do, another process is at it, or what made judging fail.
 */
export async function judgeFile({ budget, ...run }: FileRun): Promise<{
	readonly directory: string;
	readonly outcome: JudgingOutcome;
}> {
	const { groups } = run;
	const given = isProgram(run.oracle) || budget === undefined ? run.oracle : { ...run.oracle, budget };
	await checkOracle(mapOraclePaths(given, (path) => resolve(run.folder, path)));
	const oracle = withoutBudget(given);
	// With what its files hold: an edited rubric is another judge, whose verdicts must not stand beside the old one's.
	const fingerprint = await oracleFingerprint(oracle, run.folder);
	const id = `judge-${hashJson({ oracle, fingerprint, groups }).slice(0, 12)}`;
	const directory = join(process.cwd(), "runs", id);
	await mkdir(directory, { recursive: true });
	const release = acquireLock(directory);
	process.once("exit", release);
	try {
		// Of killed runs: this one alone writes here now.
		await removeTemporaries(directory);
		await setCeiling(directory, "budget" in given ? given.budget : undefined);
		const { runJudging } = await import("../../infra/judge/run-judging.ts");
		return { directory, outcome: await runJudging({ ...run, oracle, id, directory }) };
	} finally {
		process.off("exit", release);
		release();
	}
}

/** The ledger alone has it: the judging may be one that an earlier run with another budget began. */
async function setCeiling(directory: string, ceiling: number | undefined): Promise<void> {
	const ledger = createFileLedger(ledgerFile(directory));
	if ((await ledger.state()).ceiling === ceiling) return;
	const stamp = { schemaVersion: SCHEMA_VERSION, at: new Date().toISOString() } as const;
	await ledger.append({ ...stamp, kind: "ceiling", ...(ceiling !== undefined && { cost: ceiling }) });
}

function withoutBudget(oracle: OracleConfig): OracleConfig {
	if (isProgram(oracle)) return oracle;
	const { budget: _, ...rest } = oracle;
	return rest;
}
