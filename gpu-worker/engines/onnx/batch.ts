import { maskName, type Parts } from "../../model/training-graph.ts";
import { float, int64, type Tensors } from "./session.ts";

/** A prompt and responses to it; the responses share the prompt's computation. */
export interface SequenceRow {
	readonly prompt: readonly number[];
	readonly responses: readonly (readonly number[])[];
}

/** Rows as inputs of the training or scoring graph. */
export interface Batch {
	readonly feeds: Tensors;
	/** For each row and response, where its tokens lie among the R targets: [start, end). */
	readonly spans: readonly (readonly (readonly [number, number])[])[];
	/** R. */
	readonly targetCount: number;
	/** Tokens of prompts and responses. */
	readonly tokenCount: number;
}

/** What is added to the score of a token that must not be seen; e to this power is 0 in float32. */
const HIDDEN = -1e9;

/**
 * Lays rows out side by side, padded on the right: prompt, then every response without its last token, which predicts
 * nothing. A response's positions go on from the prompt, and it sees the prompt and itself only, so its log-probability
 * is what it would be alone.
 *
 * @param parts what the graph was built with
 */
export function packBatch(rows: readonly SequenceRow[], { chunks = 1, blocks = 1 }: Parts = {}): Batch {
	const length = Math.max(blocks, ...rows.map(rowLength)); // no block is empty
	const tokens = new BigInt64Array(rows.length * length);
	const positions = new BigInt64Array(rows.length * length);
	const masks = new Masks(rows.length, length, blocks);
	const predictors: bigint[] = [];
	const targets: bigint[] = [];
	const spans = rows.map(({ prompt, responses }, row) => {
		const base = row * length;
		prompt.forEach((token, i) => {
			tokens[base + i] = BigInt(token);
			positions[base + i] = BigInt(i);
			masks.show(row, i, 0, i + 1);
		});
		let start = prompt.length;
		return responses.map((response): [number, number] => {
			const first = targets.length;
			response.forEach((token, i) => {
				predictors.push(BigInt(base + (i === 0 ? prompt.length : start + i) - 1));
				targets.push(BigInt(token));
				if (i === response.length - 1) return;
				const at = start + i;
				tokens[base + at] = BigInt(token);
				positions[base + at] = BigInt(prompt.length + i);
				masks.show(row, at, 0, prompt.length);
				masks.show(row, at, start, at + 1);
			});
			start += response.length - 1;
			return [first, targets.length];
		});
	});
	const shape = [rows.length, length];
	return {
		feeds: {
			tokens: int64(tokens, shape),
			positions: int64(positions, shape),
			...masks.tensors(),
			predictors: int64(BigInt64Array.from(predictors), [predictors.length]),
			targets: int64(BigInt64Array.from(targets), [targets.length]),
			...(chunks > 1 && { chunkSizes: evenParts(targets.length, chunks) }),
		},
		spans,
		targetCount: targets.length,
		tokenCount: rows.reduce((sum, { prompt, responses }) => sum + prompt.length + responses.flat().length, 0),
	};
}

/** Who sees whom in rows of `length` tokens, a mask for each block of tokens that see: [rows, Q, K], K up to the block's end. */
class Masks {
	readonly #rows: number;
	readonly #blocks: { readonly start: number; readonly end: number; readonly data: Float32Array }[];

	constructor(rows: number, length: number, blocks: number) {
		this.#rows = rows;
		this.#blocks = Array.from({ length: blocks }, (_, i) => {
			const [start, end] = [Math.floor((length * i) / blocks), Math.floor((length * (i + 1)) / blocks)];
			return { start, end, data: new Float32Array(rows * (end - start) * end).fill(HIDDEN) };
		});
	}

	/** Lets a row's token `at` see those in [from, to). */
	show(row: number, at: number, from: number, to: number): void {
		const { start, end, data } = this.#blocks.find((block) => at < block.end)!;
		const offset = (row * (end - start) + at - start) * end;
		data.fill(0, offset + from, offset + to);
	}

	tensors(): Tensors {
		const entries = this.#blocks.map(({ start, end, data }, i) => {
			return [maskName(i), float(data, [this.#rows, end - start, end])] as const;
		});
		return Object.fromEntries(entries);
	}
}

/** Tokens that a row takes in a batch. */
function rowLength({ prompt, responses }: SequenceRow): number {
	return responses.reduce((sum, response) => sum + response.length - 1, prompt.length);
}

/** Cuts a list of rows into runs of at most `budget` tokens, padding included, or of one row. */
export function splitRows<T>(items: readonly T[], rowOf: (item: T) => SequenceRow, budget: number): T[][] {
	const parts: T[][] = [];
	let longest = 0;
	for (const item of items) {
		const length = rowLength(rowOf(item));
		longest = Math.max(longest, length);
		const part = parts.at(-1);
		if (part !== undefined && (part.length + 1) * longest <= budget) {
			part.push(item);
		} else {
			parts.push([item]);
			longest = length;
		}
	}
	return parts;
}

function evenParts(total: number, parts: number) {
	const sizes = Array.from({ length: parts }, (_, i) =>
		BigInt(Math.floor((total * (i + 1)) / parts) - Math.floor((total * i) / parts)),
	);
	return int64(BigInt64Array.from(sizes), [parts]);
}
