import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { chooseDevice, cudaLibrary, tryCuda } from "./choose-device.ts";
import { deviceLine, type OnnxDevice, parseDevice } from "./device.ts";
import { findGpus, visibleGpus } from "./gpus.ts";
import { createOnnxEngine } from "./index.ts";

let folder: string;
beforeEach(() => {
	folder = temporaryFolder();
});

const TABLE = "0, GPU-aaaa-1, NVIDIA L4, 20000, 23034\n1, GPU-bbbb-2, NVIDIA L4, 500, 23034\n";
/** Any file will do: whether the library loads is another question. */
const library = fileURLToPath(import.meta.url);
const works = async () => {};
const twoGpus = async () => ({ gpus: visibleGpus(TABLE, undefined) });

test("--device is cpu, cuda or cuda:N", () => {
	expect(parseDevice("cpu")).toEqual({ kind: "cpu" });
	expect(parseDevice("cuda")).toEqual({ kind: "cuda" });
	expect(parseDevice("cuda:1")).toEqual({ kind: "cuda", index: 1 });
	for (const bad of ["gpu", "cuda:", "cuda:x", "CPU", "cuda:-1"])
		expect(() => parseDevice(bad), bad).toThrow("--device takes cpu, cuda or cuda:N");
});

test("a GPU is what nvidia-smi lists and CUDA_VISIBLE_DEVICES lets through, in CUDA's order", () => {
	const names = (visible?: string) => visibleGpus(TABLE, visible).map(({ index, memory }) => [index, memory.used]);
	const [first, second] = [20_000 * 2 ** 20, 500 * 2 ** 20];
	expect(names()).toEqual([
		[0, first],
		[1, second],
	]);
	expect(names("1")).toEqual([[0, second]]);
	expect(names("GPU-bbbb,0")).toEqual([
		[0, second],
		[1, first],
	]);
	expect(names("")).toEqual([]);
	expect(names("1,7,0")).toEqual([[0, second]]);
});

test("nvidia-smi is asked as a program; without it, or where it fails, the reason is told", async () => {
	const program = join(folder, "nvidia-smi");
	const env = { PATH: `${folder}${delimiter}/bin${delimiter}/usr/bin` };
	const script = (body: string) => {
		writeFileSync(program, `#!/bin/sh\n${body}\n`);
		chmodSync(program, 0o755);
	};
	script(`printf '${TABLE.replaceAll("\n", "\\n")}'`);
	expect((await findGpus(env)).gpus).toHaveLength(2);
	expect(await findGpus({ ...env, CUDA_VISIBLE_DEVICES: "-1" })).toEqual({
		gpus: [],
		reason: "nvidia-smi shows no GPU that CUDA_VISIBLE_DEVICES lets this process see",
	});
	script("echo 'NVIDIA-SMI has failed' >&2; exit 9");
	expect((await findGpus(env)).reason).toBe("nvidia-smi fails: NVIDIA-SMI has failed");
	expect((await findGpus({ PATH: join(folder, "none") })).reason).toBe("there is no nvidia-smi here");
});

test("CUDA is taken where it works, on the GPU with the most free memory", async () => {
	const chosen = await chooseDevice(undefined, { library, findGpus: twoGpus, tryCuda: works });
	expect(deviceLine(chosen)).toBe("cuda:1, NVIDIA L4 (CUDA is there and works)");
	const insisted = await chooseDevice({ kind: "cuda", index: 0 }, { library, findGpus: twoGpus, tryCuda: works });
	expect(deviceLine(insisted)).toBe("cuda:0, NVIDIA L4 (as --device says)");
	expect(deviceLine(await chooseDevice({ kind: "cpu" }))).toBe("cpu (as --device says)");
});

test("without CUDA the CPU is taken, and why; who insists is told what is missing", async () => {
	const absent = join(folder, "libonnxruntime_providers_cuda.so");
	const noLibrary = { library: absent, findGpus: twoGpus, tryCuda: works };
	expect(deviceLine(await chooseDevice(undefined, noLibrary))).toBe(
		"cpu (no CUDA: onnxruntime's CUDA provider is not installed)",
	);
	await expect(chooseDevice({ kind: "cuda" }, noLibrary)).rejects.toThrow(
		`--device: CUDA cannot be used: onnxruntime's CUDA provider is not installed. got "cuda". Install it as docs/workers.md says (${absent}), or leave --device out to compute on the CPU`,
	);
	const noGpu = { library, findGpus: () => findGpus({ PATH: folder }), tryCuda: works };
	await expect(chooseDevice({ kind: "cuda", index: 0 }, { ...noGpu, findGpus: twoGpus })).resolves.toBeDefined();
	await expect(
		chooseDevice({ kind: "cuda" }, { ...noGpu, findGpus: () => findGpus({ PATH: join(folder, "none") }) }),
	).rejects.toThrow("CUDA cannot be used: there is no nvidia-smi here");
	await expect(
		chooseDevice({ kind: "cuda", index: 2 }, { library, findGpus: twoGpus, tryCuda: works }),
	).rejects.toThrow('there is no GPU 2, but cuda:0 (NVIDIA L4), cuda:1 (NVIDIA L4). got "cuda:2". Choose one of them');
});

test("onnxruntime itself refuses a CUDA session where its provider does not load", async () => {
	const failing = { library, findGpus: twoGpus, tryCuda };
	await expect(chooseDevice({ kind: "cuda" }, failing)).rejects.toThrow(
		/its provider does not run on cuda:1: .*(CUDA|providers)/,
	);
	const fallen = await chooseDevice(undefined, failing);
	expect(fallen.device).toEqual({ kind: "cpu" });
	expect(fallen.why).toContain("its provider does not run on cuda:1");
});

test("results of CPU and CUDA are kept apart, those of two GPUs are not", () => {
	const of = (device?: OnnxDevice) => createOnnxEngine({ threads: 2, ...(device && { device }) }).fingerprint;
	expect(of({ kind: "cpu" })).toBe(of());
	expect(of({ kind: "cuda", index: 0 })).not.toBe(of());
	expect(of({ kind: "cuda", index: 0 })).toBe(of({ kind: "cuda", index: 1 }));
	expect(cudaLibrary()).toMatch(/onnxruntime-node.*libonnxruntime_providers_cuda\.so$/);
});
