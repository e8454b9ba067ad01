import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArgsDef } from "citty";
import { expect, test } from "vitest";
import { isGroup } from "./command-group.ts";
import { COMMANDS } from "./dispatch.ts";
import { parseRunOptions, runDirectory } from "./run-options.ts";
import { parseStrictly } from "./strict-args.ts";

/*
 * Every command line that a document shows is one that its command takes: in code blocks, after `npx dno` or `dno`, in the
 * compose file, and in the JSON of container overrides. Options and arguments are checked, not what they name.
 */

const ROOT = join(import.meta.dirname, "..");
const FILES = [
	"README.md",
	"infra/docker/compose.yaml",
	...readdirSync(join(ROOT, "docs"))
		.filter((name) => name.endsWith(".md"))
		.map((name) => `docs/${name}`),
];

/** Words as a shell would have them; without a comment, what is optional as if it were given, and without what takes the output. */
function wordsOf(line: string): string[] {
	const command = line.replace(/\s#.*|\s[|>&].*/, "").replaceAll(/[[\]](?=\s|$|-)|(?<=\s)\[/g, "");
	return (command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replaceAll(/["']/g, ""));
}

function commandLines(text: string): string[][] {
	const overrides = [...text.matchAll(/"command":(\[[^\]]*\])/g)].map(([, json]) => JSON.parse(json!) as string[]);
	const shown = [...text.matchAll(/^(?: {4,}|\t|#? {3})[^`]*?(?:\bdno |compose\.yaml run --rm control )(.*)$/gm)];
	return [...overrides, ...shown.map(([, line]) => wordsOf(line!))].filter(([name]) =>
		Object.hasOwn(COMMANDS, name ?? ""),
	);
}

const documented = FILES.flatMap((file) =>
	commandLines(readFileSync(join(ROOT, file), "utf8")).map((words) => [file, words.join(" "), words] as const),
);

test("the documents that show how to begin a campaign are among them", () => {
	const files = new Set(documented.map(([file]) => file));
	for (const file of ["README.md", "docs/aws.md", "infra/docker/compose.yaml"]) expect([...files]).toContain(file);
	expect(documented.length).toBeGreaterThan(20);
});

/** Where commands run in the compose file's image. */
function imageFolder(): string {
	const dockerfile = readFileSync(join(ROOT, "infra/docker/Dockerfile"), "utf8");
	return /^FROM \S+ AS worker$[\s\S]*?^WORKDIR (.*)$/m.exec(dockerfile)![1]!;
}

// `dno start` has no --workspace: the workers of a workspace take what begins in a folder right below it.
test.each([
	["docs/aws.md", "/mnt/dno", "/elsewhere"],
	["infra/docker/compose.yaml", "/work", imageFolder()],
])("what %s begins is in the workspace %s", (file, workspace, cwd) => {
	const starts = documented.filter(([from, , [name]]) => from === file && name === "start");
	expect(starts.length).toBeGreaterThan(0);
	for (const [, , [, ...args]] of starts) {
		const options = parseRunOptions(args);
		expect(dirname(runDirectory({ name: "any" }, options, cwd))).toBe(workspace);
	}
});

test.each(documented)("%s: dno %s", async (_, __, [name, ...rest]) => {
	let command = await COMMANDS[name!]!();
	let path = `dno ${name}`;
	let args = rest;
	while (isGroup(command)) {
		const [next, ...more] = args;
		path += ` ${next}`;
		expect(Object.keys(command.commands), path).toContain(next);
		command = command.commands[next!]!;
		args = more;
	}
	expect(() => parseStrictly(path, args, command.args as ArgsDef, ["set"])).not.toThrow();
});
