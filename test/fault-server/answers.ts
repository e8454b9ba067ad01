import { z } from "zod";
import type { FaultName } from "./faults.ts";
import type { ChatRequest, Question } from "./question.ts";

const property = z.object({
	type: z.string().optional(),
	enum: z.union([z.array(z.string()), z.array(z.number())]).optional(),
	minimum: z.number().optional(),
	maximum: z.number().optional(),
});
const replySchema = z.object({ properties: z.record(z.string(), property) });

/** The scale where the schema does not give it. */
const SCALE = { low: 1, high: 6 };

type Asked = Pick<Question, "case" | "qualities">;
type Fields = Record<string, string | number>;

/**
 * A verdict in the fields that the request's schema asks for: the n-th number is the n-th response's score, a choice among A,
 * B and others goes to the better one, all else is a text that names the case, so that a stored reply tells whose it is.
 *
 * @param asked qualities in [0, 1], in the order shown
 */
export function answerFields(request: ChatRequest, { case: name, qualities }: Asked): Fields {
	const { properties } = replySchema.parse(request.response_format?.json_schema.schema);
	const whose = name && ` of ${name}`;
	let shown = 0;
	return Object.fromEntries(
		Object.entries(properties).map(([field, { type, enum: choices, minimum, maximum }]) => {
			if (isOfTexts(choices)) return [field, choose(choices, qualities)];
			if (choices === undefined && type !== "number" && type !== "integer")
				return [field, `A text for ${field}${whose}.`];
			const quality = qualities[shown++];
			if (quality === undefined)
				throw new Error(`the schema asks for ${shown} scores, but ${qualities.length} were shown`);
			if (choices !== undefined) return [field, choices[Math.round(quality * (choices.length - 1))]!];
			const { low, high } = { low: minimum ?? SCALE.low, high: maximum ?? SCALE.high };
			const score = low + quality * (high - low);
			return [field, type === "integer" ? Math.round(score) : score];
		}),
	);
}

function isOfTexts(choices: string[] | number[] | undefined): choices is string[] {
	return typeof choices?.[0] === "string";
}

function choose(choices: readonly string[], [first = 0, second = 0]: readonly number[]): string {
	if (first === second) return choices.find((choice) => choice !== "A" && choice !== "B")!;
	return first > second ? "A" : "B";
}

/** The text of a reply: the verdict, or what a fault makes of its opposite. */
export function replyText(fault: FaultName | undefined, request: ChatRequest, asked: Asked): string {
	const truth = () => JSON.stringify(answerFields(request, asked));
	const opposite = asked.qualities.map((quality) => Number((1 - quality).toFixed(6)));
	const lie = () => answerFields(request, { ...asked, qualities: opposite });
	switch (fault) {
		case "truncated-json":
		case "filtered-reply": {
			const text = JSON.stringify(lie());
			return text.slice(0, Math.ceil(text.length * 0.6));
		}
		case "wrong-schema":
			return JSON.stringify(Object.fromEntries(Object.entries(lie()).map(([name, value]) => [`my_${name}`, value])));
		case "out-of-range":
			return JSON.stringify(map(lie(), (value) => (typeof value === "number" ? 1000 + value : value), "C"));
		case "duplicated-ids":
			return `${truth().slice(0, -1)},${JSON.stringify(lie()).slice(1)}`;
		case "no-json":
			return `I would give them ${Object.values(lie()).join(", then ")}, if I had to.`;
		case "empty":
			return "";
		case "prose-after":
			return `One who believes the second response would say ${JSON.stringify(lie())}\nI do not believe it.`;
		case "prose-before":
			return `Here is my verdict, as {you} asked: ${truth()}`;
		case "code-fence":
			return `\`\`\`json\n${truth()}\n\`\`\``;
		default:
			return truth();
	}
}

/** Changes numbers, and choices into one that was not offered. */
function map(fields: Fields, change: (value: string | number) => string | number, choice: string): Fields {
	return Object.fromEntries(
		Object.entries(fields).map(([name, value]) => [name, value === "A" || value === "B" ? choice : change(value)]),
	);
}

/** The better one's share of the probability is `1 / (1 + e^(−4 Δquality))`; the rest of the mass is on other tokens. */
export function firstTokenLogprobs({ top_logprobs = 0 }: ChatRequest, [first = 0, second = 0]: readonly number[]) {
	const a = 0.9 / (1 + Math.exp(-4 * (first - second)));
	const top = [
		{ token: "A", logprob: Math.log(a) },
		{ token: "B", logprob: Math.log(0.9 - a) },
		{ token: "The", logprob: Math.log(0.1) },
	]
		.toSorted((x, y) => y.logprob - x.logprob)
		.map((token) => ({ ...token, bytes: [...Buffer.from(token.token)] }));
	return { text: top[0]!.token, content: [{ ...top[0]!, top_logprobs: top.slice(0, top_logprobs) }] };
}
