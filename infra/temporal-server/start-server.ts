import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DnoError } from "../../core/errors.ts";
import { checkServer } from "./check-server.ts";
import { lastLines, openLog } from "./log-file.ts";
import { endLeftover, pidFileOf } from "./pid-file.ts";
import { freePort, isListening, LOOPBACK, requireFree } from "./ports.ts";
import { type Ending, type ServerProcess, spawnServer } from "./server-process.ts";

export interface StartOptions {
	/** Temporal's command line, see `resolveTemporalBinary`. */
	readonly binary: string;
	/** SQLite file that keeps the state; without one it is kept in memory and lost at the end. */
	readonly dbFile?: string;
	readonly logFile: string;
	/** A free one by default. */
	readonly port?: number;
	/** A free one by default. */
	readonly uiPort?: number;
	readonly namespace?: string;
	/** No web UI. */
	readonly headless?: boolean;
	/** The server's own settings by name, e.g. its limits. */
	readonly dynamicConfig?: Readonly<Record<string, number>>;
	/** Time for the server to answer. */
	readonly timeoutMs?: number;
	/** Called as soon as the process has begun, and again where it had to be begun again. */
	readonly onSpawned?: () => void;
}

export interface TemporalServer {
	readonly address: string;
	readonly namespace: string;
	/** Absent when headless. */
	readonly uiUrl?: string;
	/** The server's process, a grandchild of this one. */
	readonly pid: number;
	/** Resolves when the server has ended, by {@link stop} or by itself; never rejects. */
	readonly ended: Promise<Ending>;
	/** Ends the server; again is fine. */
	stop(): Promise<void>;
}

/** Orderly, the server needs 1.1 s, most of it waiting; with its state in memory there is nothing to put in order. */
const GRACE_MS = 2_000;
const PORT_TRIES = 4;

/**
 * Starts Temporal's development server and waits until it answers. It ends with this process, however that ends, and not
 * by Ctrl-C on the terminal. State in `dbFile` survives the end of every process involved.
 *
 * @throws DnoError when a given port is taken, the database is in use, or the server ends or does not answer in time.
 */
export async function startTemporalServer(options: StartOptions): Promise<TemporalServer> {
	const dbFile = options.dbFile === undefined ? undefined : resolve(options.dbFile);
	if (options.port !== undefined) await requireFree(options.port, "Temporal");
	if (options.uiPort !== undefined) await requireFree(options.uiPort, "Temporal UI");
	if (dbFile !== undefined) {
		await mkdir(dirname(dbFile), { recursive: true });
		await endLeftover(dbFile);
	}
	for (let attempt = 1; ; attempt++) {
		const port = options.port ?? (await freePort());
		const uiPort = options.headless === true ? undefined : (options.uiPort ?? (await freePort()));
		const result = await launch(options, dbFile, port, uiPort);
		if ("pid" in result) return result;
		// Between choosing a port and using it another process may take it; the server also draws some of its own.
		const isPortRace = /address already in use/i.test(result.log);
		if (!isPortRace || attempt === PORT_TRIES) throw startError(options, result);
	}
}

interface Failure {
	/** Absent when the server runs but does not answer. */
	readonly ending?: Ending;
	readonly log: string;
	readonly cause?: unknown;
}

async function launch(
	options: StartOptions,
	dbFile: string | undefined,
	port: number,
	uiPort: number | undefined,
): Promise<TemporalServer | Failure> {
	const { binary, namespace = "default", timeoutMs = 30_000, dynamicConfig = {} } = options;
	const address = `${LOOPBACK}:${port}`;
	const uiUrl = uiPort === undefined ? undefined : `http://${LOOPBACK}:${uiPort}`;
	const log = await openLog(options.logFile);
	const child = spawnServer({
		command: [binary, ...serverArguments({ dbFile, port, uiPort, namespace, dynamicConfig })],
		address,
		uiUrl,
		pidFile: dbFile === undefined ? "" : pidFileOf(dbFile),
		graceMs: dbFile === undefined ? 0 : GRACE_MS,
		log,
	});
	if (options.onSpawned !== undefined) void child.started.then(options.onSpawned);
	try {
		const ready = waitForAnswer(port, namespace, timeoutMs, log.read, child);
		const outcome = await Promise.race([ready, child.ended]);
		if (outcome === "ready") {
			const pid = await child.started;
			return {
				address,
				namespace,
				...(uiUrl !== undefined && { uiUrl }),
				pid,
				ended: child.ended,
				stop: () => child.end(),
			};
		}
		await child.end();
		return { log: await log.read(), ...("code" in outcome ? { ending: outcome } : { cause: outcome.cause }) };
	} finally {
		await log.close();
	}
}

interface ServerSettings {
	readonly dbFile: string | undefined;
	readonly port: number;
	readonly uiPort: number | undefined;
	readonly namespace: string;
	readonly dynamicConfig: Readonly<Record<string, number>>;
}

function serverArguments({ dbFile, port, uiPort, namespace, dynamicConfig }: ServerSettings): string[] {
	const args = ["server", "start-dev", "--ip", LOOPBACK, "--port", String(port), "--namespace", namespace];
	args.push("--log-level", "warn");
	if (uiPort === undefined) args.push("--headless");
	else args.push("--ui-port", String(uiPort));
	// One user needs no partitions, and each costs pollers.
	const partitions = { "matching.numTaskqueueReadPartitions": 1, "matching.numTaskqueueWritePartitions": 1 };
	for (const [name, value] of Object.entries({ ...partitions, ...dynamicConfig })) {
		args.push("--dynamic-config-value", `${name}=${value}`);
	}
	// A write-ahead log makes three times as many activities a second as SQLite's default journal, and is as durable.
	if (dbFile !== undefined) args.push("--sqlite-pragma", "journal_mode=wal", "--db-filename", dbFile);
	return args;
}

async function waitForAnswer(
	port: number,
	namespace: string,
	timeoutMs: number,
	readLog: () => Promise<string>,
	child: ServerProcess,
): Promise<"ready" | { cause: unknown }> {
	let hasEnded = false;
	child.ended.then(() => {
		hasEnded = true;
	});
	let cause: unknown;
	const begin = Date.now();
	for (; !hasEnded && Date.now() < begin + timeoutMs; await sleep(20)) {
		// Asking the client before anybody listens would start its back-off of seconds.
		if (!(await isListening(port))) continue;
		try {
			await checkServer({ address: `${LOOPBACK}:${port}` }, namespace, 2_000);
			// Somebody else's server may answer on a port lost in a race: ours names its port when it runs. A release that
			// words it differently only costs a second.
			if ((await readLog()).includes(`:${port}`) || Date.now() > begin + 1_500) return "ready";
		} catch (error) {
			cause = error;
		}
	}
	return { cause };
}

function startError({ binary, logFile, timeoutMs = 30_000 }: StartOptions, { ending, log, cause }: Failure): DnoError {
	const how = ending?.error ?? (ending?.signal ? `signal ${ending.signal}` : `exit code ${ending?.code}`);
	const what = ending
		? `The Temporal server ended while it started (${how})`
		: `The Temporal server did not answer within ${timeoutMs / 1000} s`;
	return new DnoError({
		what: `${what}. Its last lines:\n${lastLines(log) || "(none)"}`,
		where: logFile,
		mend: `\nRead the log; \`${binary} server start-dev\` shows whether the binary runs at all`,
		cause,
	});
}
