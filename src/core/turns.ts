/**
 * A line in which groups take turns, and the members of a group come in the order of their arrival: two hundred of one
 * namespace are ahead of one of another by one turn, not by two hundred.
 */
export class Turns<T> {
  /** Group → who waits; the group whose turn is next comes first. */
  readonly #groups = new Map<string, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(group: string, member: T): void {
    const members = this.#groups.get(group)
    if (members === undefined) this.#groups.set(group, new Set([member]))
    else if (members.has(member)) return
    else members.add(member)
    this.#size += 1
  }

  delete(group: string, member: T): void {
    const members = this.#groups.get(group)
    if (members?.delete(member) !== true) return
    this.#size -= 1
    if (members.size === 0) this.#groups.delete(group)
  }

  /** How many of its group come before a member; null where it does not wait. */
  before(group: string, member: T): number | null {
    const place = [...(this.#groups.get(group) ?? [])].indexOf(member)
    return place === -1 ? null : place
  }

  clear(): void {
    this.#groups.clear()
    this.#size = 0
  }

  /** Takes out who has waited longest in the largest group: where there is no room for all, it makes room for the others. */
  evict(): T | null {
    let largest: readonly [string, Set<T>] | null = null
    for (const group of this.#groups) if (largest === null || group[1].size > largest[1].size) largest = group
    if (largest === null) return null
    const [group, [member]] = largest
    if (member === undefined) return null
    this.delete(group, member)
    return member
  }

  /** Takes out whose turn it is; groups that `may` says no to are passed over, and keep their turn. */
  next(may: (group: string) => boolean = () => true): { readonly group: string; readonly member: T } | null {
    for (const [group, members] of this.#groups) {
      if (!may(group)) continue
      const [member] = members
      if (member === undefined) continue
      members.delete(member)
      this.#size -= 1
      // To the end of the line.
      this.#groups.delete(group)
      if (members.size > 0) this.#groups.set(group, members)
      return { group, member }
    }
    return null
  }
}
