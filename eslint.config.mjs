import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' };
const noEnv = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Read the environment in main.ts, knexfile.ts and cli/ only.',
};

export default tseslint.config(
  {
    ignores: ['dist/**', 'node_modules/**', 'public/**', 'data/**', 'eslint.config.mjs', '**/*.cjs', 'hooks-bridge/**'],
  },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-restricted-syntax': ['error', noDefaultExport, noEnv],
    },
  },
  { files: ['knexfile.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: [
      'server/main.ts',
      'server/cli/**',
      'server/testing/**',
      'server/bench/**',
      'server/build/**',
      '**/*.test.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport] },
  },
  {
    files: ['**/*.test.ts', '**/*.contract.ts', 'server/testing/**', 'server/bench/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
