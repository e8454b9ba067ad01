import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { encodeSafetensors } from "../formats/safetensors.ts";
import {
	type Adapter,
	adaptedSpecs,
	adapterSpecs,
	factorNames,
	mergeWeight,
	newAdapter,
	readAdapter,
	writeAdapter,
} from "./adapter.ts";
import { randomWeights } from "./init.ts";

const config = tinyConfig(true);
const lora = { rank: 3, alpha: 6, targetModules: ["k_proj", "gate_proj"] };

/** An adapter that changes what it is added to. */
function someAdapter(): Adapter {
	const adapter = newAdapter(config, lora, 5);
	for (const data of adapter.weights.values()) data.set(data.map((x, i) => x + Math.sin(i)));
	return adapter;
}

async function adapterFolder(adapter = someAdapter()): Promise<string> {
	const dir = join(temporaryFolder(), "adapter");
	mkdirSync(dir);
	await writeAdapter(dir, config, adapter);
	return dir;
}

test("a new adapter is drawn as PEFT does and changes nothing", () => {
	const adapter = newAdapter(config, lora, 5);
	const weights = randomWeights(config, 1);
	for (const spec of adaptedSpecs(config, lora)) {
		const { down } = factorNames(spec.name);
		const bound = 1 / Math.sqrt(spec.shape[1]!);
		const drawn = adapter.weights.get(down)!;
		expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
		expect(new Set(drawn).size).toBe(drawn.length);
		expect(mergeWeight(weights.get(spec.name)!, spec, adapter)).toEqual(weights.get(spec.name));
	}
	expect(adaptedSpecs(config, lora)).toHaveLength(2 * config.layers);
	expect(newAdapter(config, lora, 5)).toEqual(adapter);
	expect(newAdapter(config, lora, 6)).not.toEqual(adapter);
});

test("a merged weight is W₀ + (alpha/r)·B·A", () => {
	const adapter = someAdapter();
	const [spec] = adaptedSpecs(config, lora);
	const base = randomWeights(config, 1).get(spec!.name)!;
	const { down, up } = factorNames(spec!.name);
	const [a, b] = [adapter.weights.get(down)!, adapter.weights.get(up)!];
	const inner = spec!.shape[1]!;
	mergeWeight(base, spec!, adapter).forEach((x, at) => {
		const [row, column] = [Math.floor(at / inner), at % inner];
		const product = [0, 1, 2].reduce((sum, k) => sum + b[row * 3 + k]! * a[k * inner + column]!, 0);
		expect(x).toBeCloseTo(base[at]! + 2 * product, 5);
	});
});

test("what is written reads back the same; a folder without one has none", async () => {
	const adapter = someAdapter();
	expect(readAdapter(await adapterFolder(adapter), config)).toEqual(adapter);
	expect(readAdapter(temporaryFolder(), config)).toBeUndefined();
});

describe("bad adapters are one error", () => {
	test.each([
		[{ peft_type: "IA3" }, "unsupported LoRA configuration: peft_type"],
		[{ use_dora: true }, "unsupported LoRA configuration: use_dora"],
		[{ use_rslora: true }, "unsupported LoRA configuration: use_rslora"],
		[{ bias: "all" }, "unsupported LoRA configuration: bias"],
		[{ rank_pattern: { k_proj: 8 } }, "unsupported LoRA configuration: rank_pattern"],
		[{ modules_to_save: ["lm_head"] }, "unsupported LoRA configuration: modules_to_save"],
		[{ target_modules: ["c_attn"] }, 'LoRA has no such target module. got "c_attn"'],
		[{ target_modules: ["k_proj"] }, "gate_proj.lora_A.weight belongs to no target module"],
		[{ r: 4 }, "k_proj.lora_A.weight is missing or has not the shape [4,12]. got [3,12]"],
	])("%j", async (change, message) => {
		const dir = await adapterFolder();
		const path = join(dir, "adapter_config.json");
		writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
		expect(() => readAdapter(dir, config)).toThrow(message);
	});

	test("of another model, with a tensor missing, or not finite", async () => {
		const dir = await adapterFolder();
		expect(() => readAdapter(dir, { ...config, hiddenSize: 24 })).toThrow(
			"Check that the adapter belongs to this model",
		);
		const adapter = someAdapter();
		const specs = adapterSpecs(config, lora);
		const write = (kept: typeof specs) => {
			const tensors = kept.map(({ name, shape }) => [name, { shape, data: adapter.weights.get(name)! }] as const);
			writeFileSync(
				join(dir, "adapter_model.safetensors"),
				Buffer.concat([...encodeSafetensors(tensors, { format: "pt" })]),
			);
		};
		write(specs.slice(1));
		expect(() => readAdapter(dir, config)).toThrow(`${specs[0]!.name} is missing`);
		adapter.weights.get(specs[2]!.name)![0] = Number.NaN;
		write(specs);
		expect(() => readAdapter(dir, config)).toThrow(`${specs[2]!.name} holds NaN or infinity`);
	});
});
