import { createStore } from "./artifact-store.ts";
import { createFolderFiles } from "./folder-files.ts";
import type { Store } from "./store.ts";

/**
 * A store in a folder. Every file is written whole or not at all, so a kill at any moment leaves nothing half-written.
 *
 * @param root made when the first file is written
 */
export function createFolderStore(root: string): Store {
	return createStore(createFolderFiles(root));
}
