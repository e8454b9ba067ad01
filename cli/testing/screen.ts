import { Writable } from "node:stream";

/** A terminal that is only as clever as the progress bar needs: what a person sees after all that was written. */
export class Screen extends Writable {
	readonly isTTY = true;
	readonly columns: number;
	/** Everything that was written, with its control characters. */
	raw = "";
	readonly #rows: string[] = [""];
	#row = 0;
	#column = 0;
	#saved = { row: 0, column: 0 };

	constructor(columns: number) {
		super({ decodeStrings: false });
		this.columns = columns;
	}

	override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
		this.raw += chunk;
		// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a terminal reads
		for (const [token] of chunk.matchAll(/\x1b\[[?\d;]*[A-Za-z]|\x1b[78]|[\s\S]/g)) this.#take(token);
		done();
	}

	/** The rows that show something, without trailing spaces. */
	get text(): string {
		return this.#rows
			.map((row) => row.trimEnd())
			.join("\n")
			.trimEnd();
	}

	#take(token: string): void {
		if (token === "\n") {
			this.#row++;
			this.#column = 0;
			this.#rows[this.#row] ??= "";
		} else if (token === "\x1b7") {
			this.#saved = { row: this.#row, column: this.#column };
		} else if (token === "\x1b8") {
			this.#row = this.#saved.row;
			this.#column = this.#saved.column;
		} else if (token.startsWith("\x1b[")) {
			this.#control(token);
		} else {
			const row = this.#rows[this.#row]!.padEnd(this.#column);
			this.#rows[this.#row] = row.slice(0, this.#column) + token + row.slice(this.#column + 1);
			this.#column++;
		}
	}

	#control(token: string): void {
		const argument = token.slice(2, -1);
		if (token.endsWith("G")) this.#column = Number(argument || "1") - 1;
		else if (token.endsWith("K")) {
			const row = this.#rows[this.#row]!;
			this.#rows[this.#row] = argument === "2" ? "" : row.slice(0, this.#column);
		} else if (!/[hlm]$/.test(token)) throw new Error(`the screen does not know ${JSON.stringify(token)}`);
	}
}
