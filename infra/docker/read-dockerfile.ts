import { readFile } from "node:fs/promises";

export const DOCKERFILE = new URL("./Dockerfile", import.meta.url);

interface Instruction {
	/** In capitals. */
	readonly name: string;
	/** Continued lines as one, without comments. */
	readonly text: string;
}

export interface Stage {
	readonly name: string;
	/** What it begins from. */
	readonly image: string;
	readonly instructions: readonly Instruction[];
}

/** The stages of our Dockerfile; knows no more of the format than that has: no heredocs, no ONBUILD. */
export async function readStages(): Promise<ReadonlyMap<string, Stage>> {
	const lines = (await readFile(DOCKERFILE, "utf8")).split("\n").filter((line) => !line.startsWith("#"));
	const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
	for (const line of lines
		.join("\n")
		.replaceAll(/\\\n\s*/g, "")
		.split("\n")) {
		const [, name, text] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
		if (name === undefined || text === undefined) continue;
		if (name !== "FROM") stages.at(-1)!.instructions.push({ name, text });
		else {
			const [, image, as] = /^(\S+) AS (\S+)$/.exec(text)!;
			stages.push({ name: as!, image: image!, instructions: [] });
		}
	}
	return new Map(stages.map((stage) => [stage.name, stage]));
}

export interface Copy {
	/** The stage it is from; undefined for the repository. */
	readonly from?: string;
	readonly sources: readonly string[];
	readonly target: string;
}

export function copiesOf({ instructions }: Stage): Copy[] {
	return instructions
		.filter(({ name }) => name === "COPY")
		.map(({ text }) => {
			const [, from, paths] = /^(?:--from=(\S+) )?(.*)$/.exec(text)!;
			const all = paths!.split(/\s+/);
			return { ...(from !== undefined && { from }), sources: all.slice(0, -1), target: all.at(-1)! };
		});
}

/** An instruction in exec form, as ENTRYPOINT and CMD are to be. */
export function execForm({ instructions }: Stage, name: "ENTRYPOINT" | "CMD"): string[] {
	return JSON.parse(instructions.findLast((each) => each.name === name)?.text ?? "");
}

/** The command of a stage's health check. */
export function healthCheck({ instructions }: Stage): string[] {
	const text = instructions.find(({ name }) => name === "HEALTHCHECK")?.text ?? "";
	return JSON.parse(text.slice(text.indexOf("[")));
}

/** Packages that a stage installs with apt. */
export function aptPackages({ instructions }: Stage): string[] {
	return instructions.flatMap(({ name, text }) =>
		(name === "RUN" ? text.split("&&") : []).flatMap((command) => {
			const words = command.trim().split(/\s+/);
			if (words[0] !== "apt-get" || words[1] !== "install") return [];
			return words.slice(2).filter((word) => !word.startsWith("-"));
		}),
	);
}
