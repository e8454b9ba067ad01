import type { Prng } from "../geometry/prng.ts";
import type { Constraint } from "./constraints.ts";

/** `{topic}` is filled in; the last ones are seen only in held-out prompts. */
const REQUESTS = {
	seen: [
		"Write about {topic}.",
		"Tell me something about {topic}.",
		"What can you say about {topic}?",
		"Describe {topic} for a child.",
		"I would like to know more about {topic}.",
		"Give me some facts about {topic}.",
	],
	heldOut: ["Explain to a visitor what matters about {topic}.", "Please introduce {topic} to my class."],
} as const;

type Phrases = { readonly seen: readonly string[]; readonly heldOut: string };

const PHRASES: Readonly<Record<Constraint["kind"], Phrases>> = {
	sentences: {
		seen: ["Use exactly {n} sentences.", "Your answer must have {n} sentences.", "Answer in {n} sentences."],
		heldOut: "It should be {n} sentences long, no more and no fewer.",
	},
	bullets: {
		seen: [
			'Answer with exactly {n} bullet points, each line starting with "- ".',
			'Make a list of {n} items. Start every line with "- " and write nothing else.',
		],
		heldOut: 'Only a bullet list please: {n} lines, each beginning with "- ".',
	},
	numbered: {
		seen: ['Answer with a numbered list of {n} items, like "1. ...".', 'Number your {n} points "1.", "2." and so on.'],
		heldOut: 'Reply with {n} numbered lines ("1. ", "2. ", ...) and nothing around them.',
	},
	"json-array": {
		seen: ["Answer only with a JSON array of {n} strings.", "Your whole answer must be a JSON list with {n} strings."],
		heldOut: "Output valid JSON: an array holding {n} strings.",
	},
	"json-object": {
		seen: ["Answer only with a JSON object with the keys {keys}.", "Reply in JSON with exactly these keys: {keys}."],
		heldOut: "Output valid JSON: one object whose keys are {keys}.",
	},
	"max-words": {
		seen: ["Use at most {n} words.", "Do not use more than {n} words.", "Keep it under {m} words."],
		heldOut: "The answer may have {n} words at the very most.",
	},
	keyword: {
		seen: ['Use the word "{word}".', 'The word "{word}" must appear.', 'Include the word "{word}".'],
		heldOut: 'Make sure that "{word}" is mentioned.',
	},
	avoid: {
		seen: ['Do not use the word "{word}".', 'Avoid the word "{word}".'],
		heldOut: 'The word "{word}" is forbidden.',
	},
	case: {
		seen: ["Write everything in {case} letters.", "Use only {case} letters."],
		heldOut: "The whole answer has to be in {case} letters.",
	},
	start: {
		seen: ['Begin your answer with "{text}".', 'The first words must be "{text}".'],
		heldOut: 'Open with "{text}".',
	},
	end: {
		seen: ['End your answer with "{text}".', 'The last words must be "{text}".'],
		heldOut: 'Close with "{text}".',
	},
	"no-commas": { seen: ["Do not use commas.", "Use no commas."], heldOut: "Leave out every comma." },
};

/** Puts a request and its constraints into words. */
export function phrase(
	topic: string,
	constraints: readonly Constraint[],
	random: Prng,
	{ unseen }: { readonly unseen: boolean },
): string {
	const request = random.pick(unseen ? REQUESTS.heldOut : REQUESTS.seen).replace("{topic}", topic);
	const sentences = constraints.map((constraint) => {
		const { seen, heldOut } = PHRASES[constraint.kind];
		return fill(unseen ? heldOut : random.pick(seen), constraint);
	});
	return [request, ...sentences].join(" ");
}

function fill(template: string, constraint: Constraint): string {
	const values: Record<string, string> = {};
	if ("count" in constraint) Object.assign(values, { n: String(constraint.count), m: String(constraint.count + 1) });
	if ("word" in constraint) values.word = constraint.word;
	if ("text" in constraint) values.text = constraint.text;
	if ("to" in constraint) values.case = constraint.to === "lower" ? "lower case" : "capital";
	if ("keys" in constraint) values.keys = constraint.keys.map((key) => `"${key}"`).join(" and ");
	return template.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]!);
}
