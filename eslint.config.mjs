import n from "eslint-plugin-n";
import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";
import vueParser from "vue-eslint-parser";

const sources = ["main/**/*.ts", "registry/**/*.ts", "renderer/**/*.ts", "renderer/**/*.vue", "test/**/*.ts"];
const lines = (max) => ["error", { max, skipBlankLines: false, skipComments: false }];

export default ts.config(
  { ignores: ["out/**", "release/**", "node_modules/**", ".cache/**", "test-results/**"] },
  {
    files: sources,
    extends: [...ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          "registry/contract/tsconfig.json",
          "registry/tsconfig.json",
          "renderer/tsconfig.json",
          "main/tsconfig.json",
          "test/tsconfig.json",
        ],
        extraFileExtensions: [".vue"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "max-lines": lines(300),
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "no-nested-ternary": "error",
      "no-else-return": "error",
      // Factories return plain objects whose functions close over what they need; none uses `this`.
      "@typescript-eslint/unbound-method": "off",
      // An interface may be asynchronous where one of its engines needs no waiting.
      "@typescript-eslint/require-await": "off",
    },
  },
  { files: ["test/**/*.ts"], rules: { "max-lines": lines(400) } },
  ...vue.configs["flat/recommended"].map((config) => ({ ...config, files: ["renderer/**/*.vue"] })),
  {
    files: ["renderer/**/*.vue"],
    languageOptions: { parser: vueParser, parserOptions: { parser: ts.parser } },
    rules: {
      // prettier decides the form
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/html-self-closing": "off",
      "vue/no-v-html": "error",
    },
  },
  {
    // The oldest runtime that main and the registry run in is Node 18.15.
    files: ["main/**/*.ts", "registry/**/*.ts"],
    plugins: { n },
    rules: {
      "n/no-unsupported-features/node-builtins": [
        "error",
        { version: ">=18.15.0", allowExperimental: true, ignores: ["fs/promises.statfs"] },
      ],
    },
  },
);
