/** Fields of the root package.json that say nothing to who installs the package. */
const DEVELOPMENT_ONLY = ["scripts", "devDependencies", "allowScripts", "bin", "exports"];

/** The published package.json: the root one, pointing at what tsc built. */
export function publishedManifest(root: Record<string, unknown>): Record<string, unknown> {
	const kept = Object.entries(root).filter(([key]) => !DEVELOPMENT_ONLY.includes(key));
	return {
		...Object.fromEntries(kept),
		bin: { dno: "./cli/main.js" },
		types: "./index.d.ts",
		exports: {
			".": { types: "./index.d.ts", default: "./index.js" },
			"./package.json": "./package.json",
		},
		files: ["**/*.js", "**/*.d.ts", "report/assets", "activities/oracle/rubrics", "CHANGELOG.md"],
		engines: { node: ">=24" },
	};
}
