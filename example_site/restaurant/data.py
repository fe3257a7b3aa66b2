"""The texts and names of the demonstration."""

PASSWORD = "changeme"  # noqa: S105  printed by make demo, for one's own machine

GROUPS = {
    "Delivery customers": "They have asked for a delivery.",
    "Pickup customers": "They come to 3 Quay Road.",
    "SMS orders": "They have ordered by text.",
}

#: Number, first name, last name, groups. 01 99 00 is set aside for fiction: no text
#: can reach a stranger.
CONTACTS = [
    ("+33199000001", "Amélie", "Laurent", ["Delivery customers", "SMS orders"]),
    ("+33199000002", "Jonas", "Weber", ["Pickup customers"]),
    ("+33199000003", "Sofia", "Ricci", ["SMS orders"]),
    ("+33199000004", "Tom", "Baker", []),
]

FLOW = "Text orders"
FLOW_DESCRIPTION = "ORDER, then MENU, then DELIVERY or PICKUP, then FOOD."

FORWARDED_BODY = "{{ contact.phone }} ({{ contact.name|no name }}): {{ message.body }}"

#: Name, description, keywords, reply, group to join, whether the kitchen is told.
ORDER_FLOW = [
    (
        "Text orders - stage 1",
        "Someone wants to order: point to the menu.",
        ["ORDER", "Order", "order"],
        "Chez Lea: thanks! Reply MENU to see our dishes and prices.",
        "",
        False,
    ),
    (
        "Text orders - stage 2",
        "The dishes by number, then the choice of delivery or pickup.",
        ["MENU", "Menu", "menu"],
        "1 Margherita 9, 2 Regina 11, 3 Calzone 12, 4 Salad 8, 5 Tiramisu 6, "
        "6 Cola 3 EUR. Reply DELIVERY (+3 EUR, 5 km) or PICKUP.",
        "",
        False,
    ),
    (
        "Text orders - stage 3",
        "Delivery: how to write the order and the address.",
        ["DELIVERY", "Delivery"],
        "Delivery: text FOOD, then quantity x number, your address and any allergy. "
        "Example: FOOD 2x1, 1x5, 12 Port Street, nut allergy",
        "Delivery customers",
        False,
    ),
    (
        "Text orders - stage 4",
        "Pickup: how to write the order and the time.",
        ["PICKUP", "Pickup"],
        "Pickup at 3 Quay Road: text FOOD, then quantity x number and a time. "
        "Example: FOOD 2x1, 1x5 at 19:30",
        "Pickup customers",
        False,
    ),
    (
        "Text orders - stage 5",
        "The order itself: thank the customer and tell the kitchen.",
        ["FOOD", "Food", "food"],
        "Chez Lea: order received, our team will text you to confirm the price and "
        "time. Questions: 020 7946 0123",
        "SMS orders",
        True,
    ),
]

ADDRESS = "3 Quay Road\n75011 Paris"
MOTTO = "Wood-fired pizza by the canal."
WELCOME = (
    "<p>Léa opened this house with one oven, nine tables and her grandmother's dough, "
    "which rests for two days. Eat here, take your box to the quay, or have it "
    "brought to your door.</p>"
)

COURSES = [
    (
        "Pizza",
        [
            (1, "Margherita", "Tomato, mozzarella, basil", "9.00"),
            (2, "Regina", "Ham, mushrooms, olives", "11.00"),
            (3, "Calzone", "Folded, with egg and spinach", "12.00"),
        ],
    ),
    ("Beside it", [(4, "Salad", "Leaves of the day, walnuts, vinaigrette", "8.00")]),
    ("Sweet", [(5, "Tiramisu", "Made here every morning", "6.00")]),
    ("To drink", [(6, "Cola", "33 cl", "3.00")]),
]

#: Tuesday to Saturday (0 is Monday), lunch and dinner.
OPEN_DAYS = ["1", "2", "3", "4", "5"]
OPEN_PERIODS = [("12:00:00", "14:00:00"), ("19:00:00", "22:30:00")]

OPT_OUT_TEXT = "Chez Lea: we will not text you again. Reply START to change your mind."
OPT_IN_TEXT = "Chez Lea: welcome back. Reply ORDER to order, STOP to opt out."
HELP_TEXT = (
    "Chez Lea, 3 Quay Road, 020 7946 0123. Reply ORDER to order, STOP to opt out."
)
