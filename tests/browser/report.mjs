// Counts and prints; nothing else.

export class Report {
  #passed = 0;
  #failures = [];
  #started = Date.now();

  async run(name, work) {
    const from = Date.now();
    try {
      await work();
      this.#passed += 1;
      console.log(`✓ ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
    } catch (error) {
      this.failed(name, error);
    }
  }

  failed(name, error) {
    this.#failures.push(name);
    console.log(`✗ ${name}`);
    if (error) console.log(`    ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n    ")}`);
  }

  finish() {
    const seconds = ((Date.now() - this.#started) / 1000).toFixed(0);
    for (const name of this.#failures) console.log(`failed: ${name}`);
    console.log(`${this.#passed} passed, ${this.#failures.length} failed (${seconds} s)`);
    return this.#failures.length ? 1 : 0;
  }
}
