import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty project outside the repository, whose modules it must not find. */
export async function makeAppFolder(): Promise<string> {
	const app = await mkdtemp(join(tmpdir(), "dno-app-"));
	await writeFile(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
	return app;
}
