"""Which links to turn around so that the others lead downwards."""

from collections.abc import Iterator, Sequence


Pair = tuple[int, int]


def links_back(count: int, links: Sequence[Pair]) -> set[int]:
    """Return the links (their indexes) that close a cycle on the way from the roots.

    The nodes are 0 to count - 1, and no link is a loop. Ways are followed in the order
    of the nodes and links, so that a cycle is entered where the editor's order does.
    """
    leaving: list[list[int]] = [[] for _ in range(count)]
    has_entry = [False] * count
    for index, (source, target) in enumerate(links):
        leaving[source].append(index)
        has_entry[target] = True
    back: set[int] = set()
    is_done = [False] * count
    is_on_way = [False] * count
    for root in sorted(range(count), key=has_entry.__getitem__):
        if is_done[root] or is_on_way[root]:
            continue
        is_on_way[root] = True
        way: list[tuple[int, Iterator[int]]] = [(root, iter(leaving[root]))]
        while way:
            node, ahead = way[-1]
            for index in ahead:
                target = links[index][1]
                if is_on_way[target]:
                    back.add(index)
                elif not is_done[target]:
                    is_on_way[target] = True
                    way.append((target, iter(leaving[target])))
                    break
            else:
                way.pop()
                is_on_way[node], is_done[node] = False, True
    return back


def links_back_to_nearer(count: int, links: Sequence[Pair]) -> set[int]:
    """Return the links that lead to a node nearer to the roots, or met before it.

    Following ways to their ends makes one long way of a tangle, in which each link
    leads somewhere. Here a node is met as soon as any way reaches it.
    """
    ahead: list[list[int]] = [[] for _ in range(count)]
    has_entry = [False] * count
    for source, target in links:
        ahead[source].append(target)
        has_entry[target] = True
    met: dict[int, int] = {}
    for root in sorted(range(count), key=has_entry.__getitem__):
        if root in met:
            continue
        met[root] = len(met)
        waiting = [root]
        for node in waiting:
            for target in ahead[node]:
                if target not in met:
                    met[target] = len(met)
                    waiting.append(target)
    return {index for index, pair in enumerate(links) if met[pair[0]] > met[pair[1]]}
