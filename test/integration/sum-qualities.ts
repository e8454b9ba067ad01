import type { ChatRequest } from "../fault-server/question.ts";

/** A sum's right answer is best, a number better than none, and near numbers better than far ones. */
export function sumQualities({ messages }: ChatRequest): number[] {
	const text = messages.map(({ content }) => content).join("\n");
	const fenced = [...text.matchAll(/=== BEGIN ([^[]+) \[\w+\] ===\n([\s\S]*?)\n=== END \1 \[\w+\] ===/g)];
	const [a = 0, b = 0] = fenced[0]![2]!.split(" + ").map((part) => Number.parseInt(part, 10));
	return fenced.slice(1).map(([, , response]) => {
		const off = Math.abs(Number.parseInt(response!, 10) - (a + b));
		return Number.isNaN(off) ? 0 : 1 - Math.min(off, 20) / 25;
	});
}
