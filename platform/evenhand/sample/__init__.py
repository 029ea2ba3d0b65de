"""The sample project that ``evenhand up --demo`` makes: its messages, its labels, and a simulated crowd.

Everything in this package except the seeding itself is pure Python without Django: the same seed gives the
same messages and the same answers on every machine. The messages are written for this project; the crowd is a
simulation and is called *simulated* wherever its work appears. Only the language model's labels are real.
"""
