import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A GPU as NVIDIA's driver tells of it. */
export interface Gpu {
	/** As CUDA counts those that this process may see. */
	readonly index: number;
	readonly name: string;
	/** In bytes, over all processes. */
	readonly memory: { readonly used: number; readonly total: number };
}

export interface FoundGpus {
	readonly gpus: readonly Gpu[];
	/** Why there are none. */
	readonly reason?: string;
}

const QUERY = ["--query-gpu=index,uuid,name,memory.used,memory.total", "--format=csv,noheader,nounits"];
const MIB = 2 ** 20;
/** A driver that hangs must not hang a worker's start. */
const TIMEOUT_MS = 10_000;

/** The NVIDIA GPUs that this process may use: those of `nvidia-smi`, or of them the ones that `CUDA_VISIBLE_DEVICES` names. */
export async function findGpus(env: NodeJS.ProcessEnv = process.env): Promise<FoundGpus> {
	try {
		const { stdout } = await promisify(execFile)("nvidia-smi", QUERY, { env, timeout: TIMEOUT_MS });
		const gpus = visibleGpus(stdout, env.CUDA_VISIBLE_DEVICES);
		if (gpus.length > 0) return { gpus };
		const hidden = env.CUDA_VISIBLE_DEVICES === undefined ? "" : " that CUDA_VISIBLE_DEVICES lets this process see";
		return { gpus, reason: `nvidia-smi shows no GPU${hidden}` };
	} catch (error) {
		const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
		const said = stderr?.trim() || String((error as Error).message);
		return { gpus: [], reason: code === "ENOENT" ? "there is no nvidia-smi here" : `nvidia-smi fails: ${said}` };
	}
}

/**
 * Reads `nvidia-smi`'s table, in the order in which CUDA counts.
 *
 * @param visible `CUDA_VISIBLE_DEVICES`: numbers or UUIDs; as CUDA does, the list ends at the first that is none
 */
export function visibleGpus(table: string, visible: string | undefined): Gpu[] {
	const all = table
		.split("\n")
		.map((line) => line.split(",").map((field) => field.trim()))
		.filter((fields) => fields.length === 5)
		.map(([number, uuid, name, used, total]) => ({
			...{ number: number!, uuid: uuid!, name: name! },
			memory: { used: Number(used) * MIB, total: Number(total) * MIB },
		}));
	const chosen: typeof all = [];
	if (visible === undefined) chosen.push(...all);
	else
		for (const wanted of visible.split(",").map((each) => each.trim())) {
			const found = all.find(({ number, uuid }) => number === wanted || (wanted !== "" && uuid.startsWith(wanted)));
			if (found === undefined) break;
			chosen.push(found);
		}
	return chosen.map(({ name, memory }, index) => ({ index, name, memory }));
}
