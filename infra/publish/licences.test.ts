import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const manifest = JSON.parse(read("package.json"));
const [, used, development] = read("docs/licences.md").split(/^\| Package .*\n.*\n/m);

test.each([
	["what is installed with it", used, manifest.dependencies],
	["what it is developed with", development, manifest.devDependencies],
])("docs/licences.md names %s, by its version, under its own licence", (_, table, dependencies) => {
	const named = [...table!.matchAll(/^\| (\S+) \| (\S+) \| (.+) \|$/gm)].map(([, ...cells]) => cells);
	const declared = Object.entries<string>(dependencies).map(([name, version]) => {
		const { license } = JSON.parse(read(`node_modules/${name}/package.json`));
		return [name, version, license.replaceAll(/[()]/g, "")];
	});
	expect(named).toEqual(declared.toSorted(([a], [b]) => (a < b ? -1 : 1)));
});
