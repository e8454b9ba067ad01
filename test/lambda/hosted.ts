import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { type Architecture, bundleLambda, type LambdaBundle } from "../../infra/lambda/bundle.ts";
import type { FaultServer } from "../fault-server/start-fault-server.ts";
import { filesWith } from "../files-with.ts";
import { LambdaFunction } from "./function-process.ts";
import { startRuntimeApi } from "./runtime-api.ts";
import { startSecretsManager } from "./secrets-manager.ts";

/** Planted in the secret, where the judge's key belongs. */
export const KEY = `planted-${randomUUID()}`;
export const KEY_VARIABLE = "DNO_TEST_JUDGE_KEY";
const SECRET = "dno/judges";
export const DEPLOYMENT = "dno-judges";

export const PRICE = { input: 2, cachedInput: 1, output: 8 };

/** The oracle that a fault server is, with its key in the secret. */
export function faultJudge(server: FaultServer, more: object = {}) {
	return {
		...({ kind: "listwise", model: "fault-judge", baseURL: server.url, apiKeyEnv: KEY_VARIABLE } as const),
		...{ concurrency: 16, timeoutSeconds: 5, maxAttempts: 8, pauseAfterErrors: 100, price: PRICE },
		...more,
	};
}

/** The bundle of this machine's architecture, and its files as Lambda unzips them. */
export interface Unzipped extends AsyncDisposable {
	readonly bundle: LambdaBundle;
	readonly folder: string;
	/** Of both, the zip included. */
	filesWith(text: string): Promise<string[]>;
}

export async function buildAndUnzip(): Promise<Unzipped> {
	const out = await mkdtemp(join(tmpdir(), "dno-bundle-"));
	const bundle = await bundleLambda(join(out, "lambda"), process.arch as Architecture);
	const folder = join(out, "task");
	for (const [name, bytes] of Object.entries(unzipSync(readFileSync(bundle.zip)))) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), bytes, { mode: 0o444 });
	}
	return {
		...{ bundle, folder },
		filesWith: (text) => filesWith(out, text),
		async [Symbol.asyncDispose]() {
			await rm(out, { recursive: true, force: true });
		},
	};
}

export interface Hosted extends AsyncDisposable {
	readonly lambda: LambdaFunction;
	/** Everything that the function has printed. */
	log(): string;
	/** Times that the secret was asked for. */
	secretReads(): number;
}

/** What the function judges for. */
interface FunctionPool {
	readonly address: string;
	readonly workspace: { readonly directory: string };
}

/**
 * The function in an environment as the CDK app gives it: no key in it, a role's credentials, the workspace mounted.
 *
 * @param env added to it
 * @param secret added to the judge's key in the secret
 */
export async function host(
	ric: string,
	{ folder }: Unzipped,
	pool: FunctionPool,
	env: Readonly<Record<string, string>> = {},
	secret: Readonly<Record<string, string>> = {},
): Promise<Hosted> {
	const api = await startRuntimeApi();
	const secrets = await startSecretsManager();
	secrets.secrets.set(SECRET, { version: randomUUID(), value: JSON.stringify({ [KEY_VARIABLE]: KEY, ...secret }) });
	let log = "";
	const lambda = new LambdaFunction({
		...{ ric, folder, api },
		env: {
			...{ AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
			...{ AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url },
			...{ TEMPORAL_ADDRESS: pool.address, TEMPORAL_CONFIG_FILE: "" },
			...{ DNO_WORKSPACE: pool.workspace.directory, DNO_DEPLOYMENT: DEPLOYMENT, DNO_SECRET_ID: SECRET },
			...env,
		},
		onLog: (text) => {
			log += text;
		},
	});
	return {
		lambda,
		log: () => log,
		secretReads: () => secrets.asked.length,
		async [Symbol.asyncDispose]() {
			await lambda[Symbol.asyncDispose]();
			await api[Symbol.asyncDispose]();
			await secrets[Symbol.asyncDispose]();
		},
	};
}
