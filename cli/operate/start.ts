import { spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../../core/errors.ts";
import { readCampaignFile } from "../../infra/workspace/campaign-file.ts";
import { findServer } from "../../infra/workspace/find-server.ts";
import type { LoadedCampaign } from "../../infra/workspace/open-campaign.ts";
import { findWorkspace } from "../../infra/workspace/workspace.ts";
import { loadCampaign } from "../load-campaign.ts";
import { lockedError, lockHolder } from "../lock.ts";
import { shortPath } from "../render/event-text.ts";
import { parseRunOptions, RUN_ARGS, runDirectory } from "../run-options.ts";

const { seeds: _seeds, "dry-run": _dryRun, ...ARGS } = RUN_ARGS;

export const start = defineCommand({
	meta: {
		name: "start",
		description: "Run a campaign in the background, or go on with one there, e.g. dno start examples/geometry --quick",
	},
	args: ARGS satisfies ArgsDef,
	run: ({ rawArgs }) => startCommand(rawArgs),
});

const MAIN = join(import.meta.dirname, `../main${extname(import.meta.filename)}`);
/** Starting includes downloads on a new machine, which the log tells of. */
const PATIENCE_MS = 10 * 60_000;

/**
 * `dno start`: the process of `dno run`, by itself; returns when its workflow has begun.
 *
 * @returns The exit code.
 * @throws {DnoError} It cannot begin, with what it ended with.
 */
async function startCommand(rawArgs: readonly string[]): Promise<number> {
	const options = parseRunOptions(rawArgs);
	if (options.seeds !== undefined || options.dryRun)
		throw new DnoError({
			what: `dno start takes no --${options.dryRun ? "dry-run" : "seeds"}`,
			mend: "Use dno run, or start each seed with --seed and --out",
			kind: "usage",
		});
	const loaded = await loadCampaign(options.campaign, options);
	const directory = runDirectory(loaded, options, process.cwd());
	const pooled = await startedInPool(loaded, options.fromScratch, directory);
	if (pooled !== undefined) return print(pooled, options.json);
	const holder = lockHolder(directory);
	if (holder !== undefined) throw lockedError(directory, holder);
	await mkdir(directory, { recursive: true });
	const logFile = join(directory, "run.log");
	const log = await open(logFile, "w");
	const args = rawArgs.filter((argument) => argument !== "--json");
	const child = spawn(process.execPath, [MAIN, "run", ...args, "--json"], {
		detached: true,
		stdio: ["ignore", log.fd, log.fd],
	});
	await log.close();
	child.unref();
	let code: number | null | undefined;
	child.once("exit", (exit) => {
		code = exit ?? 1;
	});
	for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
		const text = await readFile(logFile, "utf8");
		const begun = eventsOf(text).find((event) => event.event === "temporal");
		if (begun !== undefined || code === 0) {
			const { workflowId: id = "", uiUrl } = begun ?? {};
			const result = { id, pid: child.pid, directory, log: logFile, ...(uiUrl !== undefined && { uiUrl }) };
			return print(result, options.json);
		}
		if (code !== undefined) throw startError(text, logFile);
	}
	throw new DnoError({ what: "the campaign has not begun in ten minutes", where: logFile, mend: "Read the log" });
}

/** Where the campaign's folder is in a workspace whose server is found, its workers run it. */
async function startedInPool(
	loaded: LoadedCampaign,
	fromScratch: boolean,
	directory: string,
): Promise<Started | undefined> {
	// What a process of its own began goes on in one, also beside a pool.
	const begun = await readCampaignFile(directory);
	if (begun !== undefined && begun.queues === undefined) return undefined;
	const workspace = await findWorkspace(dirname(directory));
	if (workspace === undefined || (await findServer(workspace)) === undefined) return undefined;
	const { startInPool } = await import("../../infra/workspace/start-in-pool.ts");
	const pool = { loaded, fromScratch: loaded.begun?.fromScratch ?? fromScratch, directory };
	const started = await startInPool(workspace, pool);
	return started.hasFinished ? { id: "", directory } : started;
}

function print(started: Started, isJson: boolean): number {
	process.stdout.write(isJson ? `${JSON.stringify(started)}\n` : `${lines(started).join("\n")}\n`);
	return 0;
}

interface Started {
	/** Empty where the campaign has finished already. */
	readonly id: string;
	readonly directory: string;
	/** Absent where a workspace's workers have it, which have logs of their own. */
	readonly log?: string;
	readonly uiUrl?: string;
}

function lines({ id, directory, log, uiUrl }: Started): string[] {
	if (id === "") return [`The campaign in ${shortPath(directory)} has finished already.`];
	return [
		`Campaign ${id} runs in ${shortPath(directory)}`,
		...(uiUrl === undefined ? [] : [`  watch   ${uiUrl}`]),
		`  status  dno status ${shortPath(directory)} --watch`,
		...(log === undefined ? [] : [`  log     ${shortPath(log)}`]),
	];
}

function eventsOf(text: string): { readonly event?: string; readonly workflowId?: string; readonly uiUrl?: string }[] {
	return text.split("\n").flatMap((line) => {
		try {
			return [JSON.parse(line)];
		} catch {
			return [];
		}
	});
}

function startError(text: string, logFile: string): DnoError {
	const said = text.split("\n").findLast((line) => line.startsWith("error: "));
	return new DnoError({
		what: said?.replace(/^error: /, "") ?? "the campaign ended as it began",
		where: logFile,
		mend: "Mend it and start again",
	});
}
