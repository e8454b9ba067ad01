import { hash, type Prng } from "../geometry/prng.ts";
import { type Constraint, combinationOf } from "./constraints.ts";
import { phrase } from "./phrasing.ts";
import { TOPICS, type Topic } from "./topics.ts";

/** What a held-out prompt has that no training prompt has; `seen` for the prompts of training and validation. */
export type Novelty = "seen" | "topic" | "phrasing" | "combination";

/** A prompt with what its verifier needs. */
export interface Task {
	readonly prompt: string;
	readonly topic: Topic;
	readonly constraints: readonly Constraint[];
	readonly novelty: Novelty;
}

const HELD_OUT_TOPICS = 4;
/** One combination of constraint kinds in so many is kept for held-out prompts. */
const HELD_OUT_COMBINATIONS = 4;

const STARTS = ["I believe that", "Everyone knows that", "It is true that"];
const ENDS = ["That is all I know.", "Thank you for reading.", "I hope this helps."];
const KEYS = [
	["title", "text"],
	["topic", "fact"],
	["name", "reason"],
];

type Format = "plain" | "sentences" | "bullets" | "numbered" | "json-array" | "json-object";
type Modifier = "max-words" | "keyword" | "avoid" | "case" | "start" | "end" | "no-commas";

const FORMATS: readonly Format[] = ["plain", "sentences", "bullets", "numbered", "json-array", "json-object"];
const MODIFIERS: Readonly<Record<Format, readonly Modifier[]>> = {
	plain: ["max-words", "keyword", "avoid", "case", "start", "end", "no-commas"],
	sentences: ["keyword", "avoid", "case", "start", "end", "no-commas"],
	bullets: ["keyword", "avoid", "case", "no-commas"],
	numbered: ["keyword", "avoid", "case", "no-commas"],
	"json-array": ["keyword", "avoid"],
	"json-object": ["keyword", "avoid"],
};

/** Draws one prompt of the wanted novelty. */
export function drawTask(random: Prng, novelty: Novelty): Task {
	const topics = novelty === "topic" ? TOPICS.slice(-HELD_OUT_TOPICS) : TOPICS.slice(0, -HELD_OUT_TOPICS);
	for (;;) {
		const topic = random.pick(topics);
		const constraints = drawConstraints(random, topic);
		if (constraints.length === 0 || isHeldOut(constraints) !== (novelty === "combination")) continue;
		const prompt = phrase(topic.name, constraints, random, { unseen: novelty === "phrasing" });
		return { prompt, topic, constraints, novelty };
	}
}

function isHeldOut(constraints: readonly Constraint[]): boolean {
	// One constraint alone is always trained on: a combination is new, its parts are not.
	return constraints.length > 1 && hash(combinationOf(constraints)) % HELD_OUT_COMBINATIONS === 0;
}

function drawConstraints(random: Prng, topic: Topic): Constraint[] {
	const format = random.pick(FORMATS);
	const modifiers = new Set<Modifier>();
	const count = random.integer(format === "plain" ? 1 : 0, 2);
	while (modifiers.size < count) modifiers.add(random.pick(MODIFIERS[format]));
	const [keyword, avoided] = twoOf(topic.words, random);
	return [...formatConstraint(format, random), ...[...modifiers].map((m) => modifier(m, random, keyword, avoided))];
}

function formatConstraint(format: Format, random: Prng): Constraint[] {
	switch (format) {
		case "plain":
			return [];
		case "json-object":
			return [{ kind: format, keys: random.pick(KEYS) }];
		case "sentences":
			return [{ kind: format, count: random.integer(2, 4) }];
		default:
			return [{ kind: format, count: random.integer(3, 5) }];
	}
}

function modifier(kind: Modifier, random: Prng, keyword: string, avoided: string): Constraint {
	switch (kind) {
		case "max-words":
			return { kind, count: random.pick([15, 20, 25, 30]) };
		case "keyword":
			return { kind, word: keyword };
		case "avoid":
			return { kind, word: avoided };
		case "case":
			return { kind, to: random.pick(["lower", "upper"]) };
		case "start":
			return { kind, text: random.pick(STARTS) };
		case "end":
			return { kind, text: random.pick(ENDS) };
		case "no-commas":
			return { kind };
	}
}

function twoOf(words: readonly string[], random: Prng): [string, string] {
	const first = random.integer(0, words.length - 1);
	const second = (first + random.integer(1, words.length - 1)) % words.length;
	return [words[first]!, words[second]!];
}
