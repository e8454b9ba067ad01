import { expect, test } from "vitest";
import { config } from "../cli/testing/events.ts";
import { type Amendment, iterationsOf, specAt, whyFixed, withValues } from "./steering.ts";
import type { CampaignSpec } from "./steps.ts";

const ref = (digit: string) => ({ sha256: digit.repeat(64), bytes: 1 });
const prompts = { ref: ref("0"), count: 1 };
const spec: CampaignSpec = {
	id: "c-0123abcd",
	config: ref("a"),
	oracle: ref("0"),
	prompts: { train: prompts, validation: prompts, heldOut: prompts },
	iterations: 3,
	loss: "dpo",
	baselines: [],
	replay: 0,
	judging: { by: "program", chunkSize: 1, concurrency: 1 },
};
const amendment = (from: number, digit: string, iterations: number): Amendment => ({
	from,
	set: { iterations },
	spec: { config: ref(digit), iterations, loss: "dpo", replay: 0, judging: spec.judging },
});

test("an amendment holds from its iteration on, and the last one counts", () => {
	const amendments = [amendment(2, "b", 4), amendment(4, "c", 6)];
	const configs = [1, 2, 3, 4, 5].map((t) => specAt(spec, amendments, t).config.sha256[0]);
	expect(configs).toEqual(["a", "b", "b", "c", "c"]);
	expect(specAt(spec, amendments, 5)).toMatchObject({ id: spec.id, prompts: spec.prompts, iterations: 6 });
	expect([iterationsOf(spec, []), iterationsOf(spec, amendments)]).toEqual([3, 6]);
});

test.each(["iterations", "promotion", "sampling.samples", "pairs.minMargin", "training.beta", "training.loss"])(
	"%s can change",
	(key) => expect(whyFixed(key)).toBeUndefined(),
);

test.each([
	["seed", "compared"],
	["evaluation.samples", "compared"],
	["oracle.model", "compared"],
	["oracle.budget", "dno resume --budget"],
	["training.lora", "the form"],
	["training.lora.rank", "the form"],
])("%s cannot, and is told why", (key, why) => expect(whyFixed(key)).toContain(why));

test("values are put in, groups that are absent are made, and what the schema refuses is refused", () => {
	const changed = withValues(config, { "training.beta": 0.5, "sampling.repetition": { ngram: 3, times: 4 } });
	expect(changed.data).toMatchObject({ training: { beta: 0.5 }, sampling: { repetition: { ngram: 3, times: 4 } } });
	expect(changed.data?.pairs).toEqual(config.pairs);
	expect(withValues(config, { "training.beta": -1 }).success).toBe(false);
	expect(withValues(config, { "training.betta": 1 }).success).toBe(false);
	expect(config.training.beta).not.toBe(0.5);
});
