// `prepublishOnly` of every package. `npm publish` would publish dependencies such as `workspace:^` and no license.
console.error('Publish with `npm run release` in the root folder.')
process.exitCode = 1
