import * as ort from "onnxruntime-node";
import { DecodingSession } from "../gpu-worker/engines/onnx/decoding-session.ts";
import { KvCache } from "../gpu-worker/engines/onnx/kv-cache.ts";

/** Where the seconds of sampling go. */
export interface SamplingProfile {
	/** In onnxruntime's `run`, which includes its own copies of what goes in and comes out. */
	readonly onnx: number;
	/** Tensors and masks of a step. */
	readonly inputs: number;
	/** Writing new entries to the cache, and moving rows. */
	readonly cache: number;
	/** All else: choosing tokens, and what looks for the end of a response. */
	readonly choosing: number;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

const seconds = { run: 0, step: 0, cache: 0 };

/*
 * Methods are replaced from outside, so that the engine itself carries no clocks. None of the measured calls overlap, but
 * for `run`, which is a part of `step`.
 */
timed(DecodingSession.prototype, "run", "step");
for (const name of ["append", "appendTokens", "reserve", "copyRow"] as const) timed(KvCache.prototype, name, "cache");
const { InferenceSession } = ort;
const create = InferenceSession.create as (...args: unknown[]) => Promise<ort.InferenceSession>;
Object.assign(InferenceSession, {
	create: async (...args: unknown[]) => {
		const session = await create.apply(InferenceSession, args);
		timed(session, "run", "run");
		return session;
	},
});

function timed(owner: object, name: string, account: keyof typeof seconds): void {
	const method = Reflect.get(owner, name) as Method;
	const replacement: Method = function (...args) {
		const start = performance.now();
		const stop = () => {
			seconds[account] += (performance.now() - start) / 1000;
		};
		const result = method.apply(this, args);
		if (result instanceof Promise) return result.finally(stop);
		stop();
		return result;
	};
	Object.defineProperty(owner, name, { value: replacement });
}

/** Runs `work` and tells where its time went. */
export async function profileSampling<T>(work: () => Promise<T>): Promise<{ result: T; profile: SamplingProfile }> {
	Object.assign(seconds, { run: 0, step: 0, cache: 0 });
	const start = performance.now();
	const result = await work();
	const total = (performance.now() - start) / 1000;
	const { run, step, cache } = seconds;
	return { result, profile: { onnx: run, inputs: step - run, cache, choosing: total - step - cache } };
}
