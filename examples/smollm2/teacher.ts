import type { Prng } from "../geometry/prng.ts";
import { type Constraint, sentencesOf, wordsOf } from "./constraints.ts";
import type { Task } from "./prompts.ts";

/** Share of the teacher's answers that forget or miscount one of the constraints. */
const SLIP = 0.2;

/** An answer of a teacher who knows how to obey, and does not always. */
export function teach(task: Task, random: Prng): string {
	if (!random.chance(SLIP)) return obey(task, task.constraints, random);
	const slip = random.integer(0, task.constraints.length - 1);
	const misread = task.constraints.flatMap((constraint, i): Constraint[] => {
		if (i !== slip) return [constraint];
		return "count" in constraint ? [{ ...constraint, count: constraint.count + 1 }] : [];
	});
	return obey(task, misread, random);
}

/** An answer that obeys all of the constraints. */
export function obey({ topic }: Pick<Task, "topic">, constraints: readonly Constraint[], random: Prng): string {
	const find = <K extends Constraint["kind"]>(kind: K) =>
		constraints.find((c): c is Extract<Constraint, { kind: K }> => c.kind === kind);
	const avoided = find("avoid")?.word;
	const keyword = find("keyword")?.word;
	const words = shuffled(topic.words, random).filter((word) => word !== avoided);
	if (keyword !== undefined) words.sort((a, b) => Number(b === keyword) - Number(a === keyword));
	const usable = shuffled(topic.sentences, random).filter((s) => avoided === undefined || !mentions(s, avoided));
	if (keyword !== undefined) usable.sort((a, b) => Number(mentions(b, keyword)) - Number(mentions(a, keyword)));
	if (keyword !== undefined && !mentions(usable[0]!, keyword)) usable.unshift(`There is much to say about ${keyword}.`);

	const text = ((): string => {
		const list = find("bullets") ?? find("numbered");
		if (list !== undefined) {
			const mark = (i: number) => (list.kind === "bullets" ? "- " : `${i + 1}. `);
			return words
				.slice(0, list.count)
				.map((word, i) => `${mark(i)}${word}`)
				.join("\n");
		}
		const array = find("json-array");
		if (array !== undefined) return JSON.stringify(words.slice(0, array.count));
		const object = find("json-object");
		if (object !== undefined) {
			return JSON.stringify(Object.fromEntries(object.keys.map((key, i) => [key, i === 0 ? topic.name : usable[0]!])));
		}
		return plain(usable, find("start")?.text, find("end")?.text, find("sentences")?.count, find("max-words")?.count);
	})();
	const letters = find("case");
	if (letters === undefined) return text;
	return letters.to === "lower" ? text.toLowerCase() : text.toUpperCase();
}

function plain(
	sentences: readonly string[],
	start: string | undefined,
	end: string | undefined,
	count = 2,
	maxWords = Number.POSITIVE_INFINITY,
): string {
	const endings = end === undefined ? 0 : sentencesOf(end).length;
	const body = sentences.slice(0, Math.max(1, count - endings));
	if (start !== undefined) body[0] = `${start} ${body[0]![0]!.toLowerCase()}${body[0]!.slice(1)}`;
	const whole = () => [...body, ...(end === undefined ? [] : [end])].join(" ");
	while (body.length > 1 && wordsOf(whole()).length > maxWords) body.pop();
	return whole();
}

function mentions(sentence: string, word: string): boolean {
	return wordsOf(sentence.toLowerCase()).includes(word);
}

function shuffled<T>(items: readonly T[], random: Prng): T[] {
	const order = [...items];
	for (let i = order.length - 1; i > 0; i--) {
		const j = random.integer(0, i);
		[order[i], order[j]] = [order[j]!, order[i]!];
	}
	return order;
}
