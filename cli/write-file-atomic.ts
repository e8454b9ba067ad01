import { open, rename, rm } from "node:fs/promises";

/** Writes a file so that a reader, or a run after a power cut, sees the old content or the new and nothing between. */
export async function writeFileAtomic(file: string, content: string): Promise<void> {
	const temporary = `${file}.${process.pid}.tmp`;
	try {
		const handle = await open(temporary, "w");
		try {
			await handle.writeFile(content);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(temporary, file);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}
