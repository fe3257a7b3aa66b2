"""Where each box of a flow stands, and how its arrows run: a layered drawing.

lay_out() takes Sugiyama's steps, one connected part at a time:
  cycles       turn around the links that lead back
  layers       give each box a layer, at most seven boxes in each
  chains       lead each arrow through the layers; a hub's many arrows run together
  levels       put the boxes, labels and bends together
  crossings    order each layer so that few arrows cross
  coordinates  give each box and each bend its place across (Brandes and Koepf)
  bands        keep what would be too wide near the middle
  tightening   move each box to where its arrows are shorter
  routes       give each layer its height and draw the arrows
  parts        put the connected parts side by side and below each other
"""

from .drawing import Arrow, Box, Drawing, Link, Place, Point
from .parts import lay_out


__all__ = ["Arrow", "Box", "Drawing", "Link", "Place", "Point", "lay_out"]
