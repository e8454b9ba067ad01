import { createFolderFiles } from "../../store/folder-files.ts";
import { createVerdictStore } from "./stored-verdicts.ts";
import type { VerdictStore } from "./verdict-store.ts";

/** @param folder made when the first reply is kept */
export function createFolderVerdictStore(folder: string): VerdictStore {
	return createVerdictStore(createFolderFiles(folder));
}
