import { join, resolve } from "node:path";
import type { GpuHost } from "../../infra/pool/pool-worker.ts";
import { DEVICE_ARG, deviceOf } from "../device-option.ts";
import { type StrictArgs, wholeNumber } from "../strict-args.ts";

/** Options of `dno worker gpu` alone. */
export const GPU_ARGS = {
	device: DEVICE_ARG,
	cache: { type: "string", valueHint: "dir", description: "Keep policies here, not in the campaigns' folders" },
	"cache-size": { type: "string", valueHint: "GB", description: "Most that the cache takes (default: 50)" },
	spot: { type: "boolean", description: "Drain at EC2's interruption notice (default: on EC2 only)" },
} as const;

const CACHE_GB = 50;

/**
 * What a GPU worker computes on.
 *
 * @param name of the worker, which has a part of the cache to itself
 * @throws {DnoError} `--device` insists on what is not there.
 */
export async function gpuHostOf(args: StrictArgs, name: string): Promise<GpuHost> {
	const gigabytes = wholeNumber(args, "cache-size", 1) ?? CACHE_GB;
	const chosen = await deviceOf(args);
	const [{ createLoadedSampler }, { createPolicyCache }] = await Promise.all([
		import("../../gpu-worker/loaded-sampler.ts"),
		import("../../gpu-worker/policy-cache.ts"),
	]);
	const folder = args.options.get("cache")?.[0];
	return {
		chosen,
		loaded: createLoadedSampler(),
		...(folder !== undefined && { cache: createPolicyCache(join(resolve(folder), name), gigabytes * 1e9) }),
	};
}
