import type { CommandGroup } from "../command-group.ts";
import { generateCommand } from "./generate.ts";
import { importCommand } from "./import.ts";
import { scoreCommand } from "./score.ts";
import { showCommand } from "./show.ts";

/** `dno model`: what is done with single models, outside of campaigns. */
export const model: CommandGroup = {
	description: "Import a model, look at it, generate text and score responses with it",
	commands: { import: importCommand, show: showCommand, generate: generateCommand, score: scoreCommand },
};
