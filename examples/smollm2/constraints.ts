/** One instruction that a program can check. */
export type Constraint =
	| { readonly kind: "sentences"; readonly count: number }
	| { readonly kind: "bullets"; readonly count: number }
	| { readonly kind: "numbered"; readonly count: number }
	| { readonly kind: "json-array"; readonly count: number }
	| { readonly kind: "json-object"; readonly keys: readonly string[] }
	| { readonly kind: "max-words"; readonly count: number }
	| { readonly kind: "keyword"; readonly word: string }
	| { readonly kind: "avoid"; readonly word: string }
	| { readonly kind: "case"; readonly to: "lower" | "upper" }
	| { readonly kind: "start"; readonly text: string }
	| { readonly kind: "end"; readonly text: string }
	| { readonly kind: "no-commas" };

/** Whether the response obeys, and what is wrong where it does not. */
export function check(constraint: Constraint, response: string): string | undefined {
	const text = response.trim();
	switch (constraint.kind) {
		case "sentences": {
			const found = sentencesOf(text).length;
			if (!/[.!?]$/.test(text)) return "the last sentence is not finished";
			return found === constraint.count
				? undefined
				: `${found} ${found === 1 ? "sentence" : "sentences"} instead of ${constraint.count}`;
		}
		case "bullets":
			return checkLines(text, constraint.count, (line) => /^- \S/.test(line), "bullet points");
		case "numbered":
			return checkLines(text, constraint.count, (line, i) => line.startsWith(`${i + 1}. `), "numbered lines");
		case "json-array":
			return checkJson(text, (value) =>
				Array.isArray(value) && value.length === constraint.count && value.every(isText)
					? undefined
					: `no JSON array of ${constraint.count} strings`,
			);
		case "json-object":
			return checkJson(text, (value) =>
				typeof value === "object" &&
				value !== null &&
				Object.keys(value).toSorted().join() === constraint.keys.toSorted().join() &&
				Object.values(value).every(isText)
					? undefined
					: `no JSON object with the keys ${constraint.keys.join(", ")}`,
			);
		case "max-words": {
			const found = wordsOf(text).length;
			return found <= constraint.count ? undefined : `${found} words instead of at most ${constraint.count}`;
		}
		case "keyword":
			return hasWord(text, constraint.word) ? undefined : `the word "${constraint.word}" is missing`;
		case "avoid":
			return hasWord(text, constraint.word) ? `the word "${constraint.word}" occurs` : undefined;
		case "case": {
			const wanted = constraint.to === "lower" ? text.toLowerCase() : text.toUpperCase();
			return text === wanted ? undefined : `not in ${constraint.to === "lower" ? "lower" : "capital"} letters`;
		}
		case "start":
			return text.toLowerCase().startsWith(constraint.text.toLowerCase()) ? undefined : `does not begin as asked`;
		case "end":
			return text.toLowerCase().endsWith(constraint.text.toLowerCase()) ? undefined : `does not end as asked`;
		case "no-commas":
			return text.includes(",") ? "has a comma" : undefined;
	}
}

/** The kinds of a prompt's constraints, sorted: what a held-out combination is told by. */
export function combinationOf(constraints: readonly Constraint[]): string {
	return constraints
		.map(({ kind }) => kind)
		.toSorted()
		.join("+");
}

export function wordsOf(text: string): string[] {
	return text.match(/[\p{L}\p{N}'’-]+/gu) ?? [];
}

export function sentencesOf(text: string): string[] {
	return text.match(/[^.!?]+[.!?]+/g) ?? [];
}

function hasWord(text: string, word: string): boolean {
	return wordsOf(text.toLowerCase()).includes(word.toLowerCase());
}

function isText(value: unknown): boolean {
	return typeof value === "string" && value.trim() !== "";
}

function checkLines(
	text: string,
	count: number,
	isItem: (line: string, index: number) => boolean,
	what: string,
): string | undefined {
	const lines = text.split("\n").filter((line) => line.trim() !== "");
	if (!lines.every(isItem)) return `a line is not one of the ${what}`;
	return lines.length === count ? undefined : `${lines.length} ${what} instead of ${count}`;
}

function checkJson(text: string, complaint: (value: unknown) => string | undefined): string | undefined {
	try {
		return complaint(JSON.parse(text));
	} catch {
		return "not JSON";
	}
}
