import { expect, test } from "vitest";
import type { Store } from "../activities/store/store.ts";
import { inActivity } from "../activities/testing/in-activity.ts";
import type { SampleJob, SampleResult } from "../core/steps.ts";
import { createSamplingActivities } from "./create-sampling-activities.ts";
import type { GpuDependencies } from "./dependencies.ts";

const ref = (sha256: string) => ({ sha256, bytes: 1 });

/** The key under which a result is looked for. */
async function stepKey(
	purpose: SampleJob["purpose"],
	how: { sampling?: object; evaluation?: object },
): Promise<string> {
	const config = {
		name: "small",
		iterations: 1,
		policy: { model: "model" },
		prompts: { train: "a", validation: "b", heldOut: "c", perIteration: 1 },
		sampling: { samples: 2, maxTokens: 8, ...how.sampling },
		oracle: { kind: "verifier", module: "verifier.ts" },
		pairs: {},
		training: { learningRate: 1e-4 },
		evaluation: { ...how.evaluation },
		engine: { kind: "onnx" },
	};
	let asked = "";
	const store = {
		get: async () => new TextEncoder().encode(JSON.stringify(config)),
		findStep: async (key: string): Promise<SampleResult> => {
			asked = key;
			return { candidates: ref("found"), seconds: 1 };
		},
	} as Partial<Store>;
	const engine = { fingerprint: "test" };
	const { sampleCandidates } = createSamplingActivities({
		store,
		engine,
		emit: () => {},
		work: "nothing-is-sampled",
	} as unknown as GpuDependencies);
	const context = { config: ref("config"), iteration: 1, line: "dno" as const, from: 0, to: 1 };
	const policy = { name: "dno-0", manifest: ref("policy") };
	const prompts = { ref: ref("prompts"), count: 1 };
	await inActivity(() => sampleCandidates({ ...context, policy, prompts, purpose }));
	return asked;
}

test("answers of rounded weights are not taken for those of exact ones, each purpose by its own setting", async () => {
	const int8 = { weights: "int8" };
	for (const [purpose, own, other] of [
		["training", "sampling", "evaluation"],
		["evaluation", "evaluation", "sampling"],
	] as const) {
		const key = await stepKey(purpose, {});
		expect(await stepKey(purpose, { [own]: int8 })).not.toBe(key);
		expect(await stepKey(purpose, { [own]: { weights: "float32" } })).toBe(key);
		expect(await stepKey(purpose, { [other]: int8 })).toBe(key);
	}
});
