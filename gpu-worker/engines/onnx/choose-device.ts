import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import { Graph } from "../../graph/graph.ts";
import { add } from "../../graph/ops.ts";
import { type ChosenDevice, type DeviceWish, deviceLabel, type OnnxDevice } from "./device.ts";
import { type FoundGpus, findGpus, type Gpu } from "./gpus.ts";
import { openSession } from "./session.ts";

/** What a choice is made from; tests give their own. */
export interface DeviceFacts {
	/** The library of onnxruntime's CUDA provider. */
	readonly library: string;
	readonly findGpus: () => Promise<FoundGpus>;
	/** Throws what a session on a GPU fails with. */
	readonly tryCuda: (device: OnnxDevice) => Promise<void>;
}

const require = createRequire(import.meta.url);

/** Where onnxruntime-node looks for its CUDA provider; its npm package leaves it out, for its size. */
export function cudaLibrary(): string {
	const home = dirname(require.resolve("onnxruntime-node/package.json"));
	return join(home, "bin", "napi-v6", process.platform, process.arch, "libonnxruntime_providers_cuda.so");
}

/**
 * Takes CUDA where its provider, a GPU and a session on it are to be had, and else the CPU.
 *
 * @param wish insists on one
 * @throws {DnoError} What is insisted on is not there: with what is missing.
 */
export async function chooseDevice(wish?: DeviceWish, facts: DeviceFacts = REAL): Promise<ChosenDevice> {
	if (wish?.kind === "cpu") return { device: { kind: "cpu" }, why: "as --device says" };
	const found = await findCuda(wish?.index, facts);
	if ("device" in found) return wish === undefined ? found : { ...found, why: "as --device says" };
	if (wish === undefined) return { device: { kind: "cpu" }, why: `no CUDA: ${found.missing}` };
	throw new DnoError({
		what: `CUDA cannot be used: ${found.missing}`,
		where: "--device",
		got: wish.index === undefined ? "cuda" : `cuda:${wish.index}`,
		mend: `${found.mend}, or leave --device out to compute on the CPU`,
	});
}

interface Missing {
	readonly missing: string;
	readonly mend: string;
}

async function findCuda(wanted: number | undefined, facts: DeviceFacts): Promise<ChosenDevice | Missing> {
	const hasLibrary = await access(facts.library).then(
		() => true,
		() => false,
	);
	if (!hasLibrary)
		return {
			missing: "onnxruntime's CUDA provider is not installed",
			mend: `Install it as docs/workers.md says (${facts.library})`,
		};
	const { gpus, reason } = await facts.findGpus();
	if (gpus.length === 0)
		return { missing: reason!, mend: "Install NVIDIA's driver, in a container with its container toolkit" };
	const gpu = wanted === undefined ? freest(gpus) : gpus.find(({ index }) => index === wanted);
	if (gpu === undefined) {
		const known = gpus.map(({ index, name }) => `cuda:${index} (${name})`).join(", ");
		return { missing: `there is no GPU ${wanted}, but ${known}`, mend: "Choose one of them" };
	}
	const device = { kind: "cuda", index: gpu.index } as const;
	const failed = await facts.tryCuda(device).then(
		() => undefined,
		(error: unknown) => (error instanceof DnoError ? String(error.details.got) : String(error)),
	);
	if (failed !== undefined)
		return {
			missing: `its provider does not run on ${deviceLabel(device)}: ${failed}`,
			mend: "Install the CUDA and cuDNN libraries that the provider was built for (docs/workers.md)",
		};
	return { device, name: gpu.name, why: "CUDA is there and works" };
}

function freest(gpus: readonly Gpu[]): Gpu {
	const free = ({ memory }: Gpu) => memory.total - memory.used;
	return gpus.reduce((best, gpu) => (free(gpu) > free(best) ? gpu : best));
}

/** Runs an addition there. */
export async function tryCuda(device: OnnxDevice): Promise<void> {
	prepareCuda();
	const graph = new Graph("device check");
	const value = graph.input("value", "float32", [1]);
	graph.output("sum", add(value, value));
	const session = await openSession(graph, { threads: 1, device });
	await session.release();
}

/** Read by NVIDIA's libraries when they are loaded. */
function prepareCuda(): void {
	// nvidia-smi's order, so that a number means the same GPU to both.
	process.env.CUDA_DEVICE_ORDER ??= "PCI_BUS_ID";
	// TF32 keeps 10 bits of a factor; log-probabilities are differences of sums that need more.
	process.env.NVIDIA_TF32_OVERRIDE ??= "0";
}

const REAL: DeviceFacts = { library: cudaLibrary(), findGpus: () => findGpus(), tryCuda };
