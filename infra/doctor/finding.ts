import { DnoError } from "../../core/errors.ts";

/** What `dno doctor` found of one thing. */
export interface Finding {
	readonly check: string;
	/** `warning`: campaigns run, but perhaps not as meant. `wrong`: they do not. */
	readonly state: "ok" | "warning" | "wrong";
	readonly found: string;
	/** How to mend it. */
	readonly mend?: string;
}

/** What a failed check says: its error in the doctor's words. */
export function wrong(check: string, error: unknown): Finding {
	if (!(error instanceof DnoError)) return { check, state: "wrong", found: String(error) };
	const { what, where, got, mend } = error.details;
	const place = where === undefined ? "" : `${where}: `;
	const value = got === undefined ? "" : `, got ${typeof got === "string" ? got : JSON.stringify(got)}`;
	return { check, state: "wrong", found: `${place}${what}${value}`, ...(mend && { mend: mend.trim() }) };
}
