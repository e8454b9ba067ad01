import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../download/progress.ts";

/** EC2's notice that it takes a spot instance back, two minutes ahead. */
export interface SpotNotice {
	readonly action: string;
	/** ISO 8601; when it happens. */
	readonly time: string;
}

/** AWS advises to ask at least every five seconds; a worker that trains makes use of the other three. */
const PERIOD_MS = 2_000;
/** The service is on the machine itself. */
const TIMEOUT_MS = 2_000;
const TOKEN_SECONDS = 21_600;
const ENDPOINT = "http://169.254.169.254";
const VENDOR_FILE = "/sys/devices/virtual/dmi/id/sys_vendor";

/** Whether this is an EC2 instance, or one is played: asks nobody, since elsewhere nobody may answer. */
export async function isOnEc2(env: NodeJS.ProcessEnv): Promise<boolean> {
	if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true") return false;
	if (env.AWS_EC2_METADATA_SERVICE_ENDPOINT) return true;
	return (await readFile(VENDOR_FILE, "utf8").catch(() => "")).trim() === "Amazon EC2";
}

/**
 * Asks the instance metadata service (version 2, which wants a token) for the notice every 2 seconds.
 *
 * @param periodMs for tests
 * @param onTrouble told once why the service does not answer, and again after it did
 * @returns the notice; undefined when `signal` aborted before one came
 */
export async function spotNotice(options: {
	readonly env: NodeJS.ProcessEnv;
	readonly signal: AbortSignal;
	readonly onTrouble: (reason: string) => void;
	readonly periodMs?: number;
}): Promise<SpotNotice | undefined> {
	const { env, signal, onTrouble, periodMs = PERIOD_MS } = options;
	const base = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT || ENDPOINT).replace(/\/+$/, "");
	let token: string | undefined;
	let isInTrouble = false;
	while (!signal.aborted) {
		try {
			token ??= await askToken(base, signal);
			const answer = await ask(`${base}/latest/meta-data/spot/instance-action`, token, signal);
			if (answer.status === 200) return readNotice(await answer.text());
			// A token ends with its time and with the machine's restart.
			if (answer.status === 401) token = undefined;
			else if (answer.status !== 404) throw new Error(`HTTP ${answer.status}`);
			isInTrouble = false;
		} catch (error) {
			if (signal.aborted) return undefined;
			if (!isInTrouble) onTrouble(reasonOf(error));
			isInTrouble = true;
		}
		await sleep(periodMs, undefined, { signal }).catch(() => {});
	}
	return undefined;
}

async function askToken(base: string, signal: AbortSignal): Promise<string> {
	const headers = { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) };
	const answer = await fetch(`${base}/latest/api/token`, { method: "PUT", headers, signal: within(signal) });
	if (!answer.ok) throw new Error(`HTTP ${answer.status} for a token`);
	return answer.text();
}

function ask(url: string, token: string, signal: AbortSignal): Promise<Response> {
	return fetch(url, { headers: { "x-aws-ec2-metadata-token": token }, signal: within(signal) });
}

function within(signal: AbortSignal): AbortSignal {
	return AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
}

/** Whatever the words, there is a notice. */
function readNotice(text: string): SpotNotice {
	try {
		const { action, time } = JSON.parse(text) as Partial<SpotNotice>;
		return { action: String(action ?? "terminate"), time: String(time ?? "") };
	} catch {
		return { action: "terminate", time: "" };
	}
}
