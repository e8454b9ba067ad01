import { createRandom } from "../../core/random.ts";

/** Characters of many scripts and classes, and those that tokenizers disagree on: odd digits, odd spaces, joined emoji. */
const ALPHABETS: readonly string[][] = [
	[..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"],
	[..."0123456789"],
	[..."٣४๗¼½²³Ⅷ①㊿"],
	[..." \t\n\r"],
	["\u00a0", "\u0085", "\u2009", "\u3000", "\ufeff", "\u200b", "\u2028", "\u000b", "\u000c", "\u001c"],
	[...".,;:!?'\"()[]{}<>+-*/=_%$#@&|~^\\`"],
	[..."äöüßéèñçøåłžğıİœ"],
	["e\u0301", "n\u0303", "\u0301", "ﬁ", "Å", "Ω", "가", "각"],
	[..."漢字仮名交文日本語中国语言模型한국어말"],
	[..."русскийελληνικάעבריתالعربيةहिन्दीไทย"],
	["😀", "🎉", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "❤️", "1️⃣", "𝒳", "𠮷"],
	["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "’s"],
];
const WORDS =
	"the of and a to in is you that it he was for on are as with his they I at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who oil its now find long down day did get come made may part";
const CODE = [
	"for (let i = 0; i < 10; i++) {",
	"    return x ** 2 + 3.14e-10;",
	"def f(self, *args, **kwargs):\n\tpass",
	"#include <stdio.h>",
	"SELECT * FROM t WHERE a >= 1;",
	'\t\t<div class="a">&nbsp;</div>',
	"https://example.org/a?b=c&d=%20#e",
	"C:\\Users\\x\\file.txt",
	"0xDEADBEEF 1_000_000 12,345.678",
];
const SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start", "<tool>", "</tool>"];

/** Strings to compare tokenizers by: prose, numbers, code, white space, scripts, emoji and mixtures, the same every time. */
export function tokenizerStrings(count: number): string[] {
	const random = createRandom(2404);
	const below = (n: number) => Math.floor(random() * n);
	const pick = <T>(list: readonly T[]) => list[below(list.length)]!;
	const words = WORDS.split(" ");
	const makers: (() => string)[] = [
		() => Array.from({ length: 1 + below(20) }, () => pick(words)).join(" "),
		() => `${pick(words)} ${below(10 ** (1 + below(9)))}${pick([".", ",", "%", " ", "th"])}${below(1000)}`,
		() => Array.from({ length: 1 + below(4) }, () => pick(CODE)).join(pick(["\n", "\n\n", "\r\n", " "])),
		() => Array.from({ length: 1 + below(12) }, () => pick(pick(ALPHABETS))).join(""),
		() => {
			const alphabet = pick(ALPHABETS);
			return Array.from({ length: 1 + below(12) }, () => pick(alphabet)).join(pick(["", "", " "]));
		},
		() =>
			`${" ".repeat(below(9))}${pick(words)}${pick(["\n", "\t", "  ", "\n \n", "\u00a0"]).repeat(below(5))}${pick(words)} `,
		() => `${pick(words)}${pick(SPECIAL)}${pick(words)} ${pick(SPECIAL)}`,
		() => `${pick(words)}${pick(ALPHABETS[11]!)} ${pick(words)}${pick(ALPHABETS[4]!)}${pick(pick(ALPHABETS))}`,
	];
	return Array.from({ length: count }, (_, i) => (i === 0 ? "" : makers[i % makers.length]!()));
}
